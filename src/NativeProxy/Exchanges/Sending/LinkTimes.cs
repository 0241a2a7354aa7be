namespace NativeProxy.Exchanges.Sending;

/// <summary>When the way to a server reached its stations, in loop milliseconds; <see cref="NotReached"/> before.</summary>
internal struct LinkTimes
{
    public const long NotReached = -1;

    public LinkTimes()
    {
    }

    /// <summary>When the server of the present or last try was chosen.</summary>
    public long ChosenMs { get; private set; } = NotReached;

    /// <summary>When the request could go out in that try.</summary>
    public long ConnectedMs { get; private set; } = NotReached;

    /// <summary>A server was chosen for the next try.</summary>
    public void Chosen(long nowMs)
    {
        ChosenMs = nowMs;
        ConnectedMs = NotReached;
    }

    /// <summary>There is nothing to wait for.</summary>
    public void Passed(long nowMs) => ChosenMs = ConnectedMs = nowMs;

    /// <summary>The request can go out on a server connection, or its turn has come on one.</summary>
    public void Connected(long nowMs) => ConnectedMs = nowMs;
}
