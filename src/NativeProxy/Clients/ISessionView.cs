namespace NativeProxy.Clients;

/// <summary>A client connection of which an operator can be told what it does, while its end is not decided. Called on the loop thread.</summary>
internal interface ISessionView
{
    /// <summary>Says what it does, and what it waits for.</summary>
    void Describe(SessionFacts facts);
}
