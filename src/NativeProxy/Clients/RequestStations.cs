namespace NativeProxy.Clients;

/// <summary>When a request came how far, in loop time; -1 where it has not. Immutable.</summary>
/// <param name="HeadReadMs">Its head was read.</param>
/// <param name="ChosenMs">The server of the present or last try was chosen.</param>
/// <param name="ConnectedMs">It could go out.</param>
/// <param name="AnsweredMs">The head of the answer was there.</param>
internal readonly record struct RequestStations(long HeadReadMs, long ChosenMs, long ConnectedMs, long AnsweredMs)
{
    /// <summary>Nowhere yet.</summary>
    public static readonly RequestStations None = new(-1, -1, -1, -1);
}
