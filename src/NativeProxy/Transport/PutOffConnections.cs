namespace NativeProxy.Transport;

/// <summary>
/// The connections of one loop on which something waits for a moment because it is cheaper together (`PUT_OFF.md`): bytes that are corked, and
/// sockets that are not looked at. Owner: the <see cref="EventLoop"/> (a mutable struct: keep it in a field, never copy it); thread: loop only.
/// </summary>
internal struct PutOffConnections
{
    /// <summary>Longest time that <see cref="TcpConnection.SendSoon"/> keeps bytes back while the loop is busy.</summary>
    public const int CorkMsMax = 16;

    /// <summary>Longest time that a connection is not looked at after <see cref="TcpConnection.DelayReceive"/>.</summary>
    public const int ReceiveDelayMsMax = 16;

    private WaitingList<CorkedPlace> _corked;
    private WaitingList<DelayedPlace> _delayed;

    /// <summary>True when bytes may be corked.</summary>
    public readonly bool HasCorked => !_corked.IsEmpty;

    /// <summary>When a connection must be looked at again; long.MaxValue when none is delayed.</summary>
    public readonly long ReceiveWakeMs => _delayed.IsEmpty ? long.MaxValue : _delayed.OldestMs + ReceiveDelayMsMax;

    /// <summary>Remembers that bytes of a connection are corked.</summary>
    public void Cork(TcpConnection connection) => _corked.Add(connection, connection.Loop.Clock.NowMs);

    /// <summary>Remembers to look at a connection again.</summary>
    public void DelayReceive(TcpConnection connection) => _delayed.Add(connection, connection.Loop.Clock.NowMs);

    /// <summary>The loop has nothing else to do now, so nothing is gained by waiting: sends all that is corked.</summary>
    public void UncorkAll() => Uncork(sinceMs: long.MaxValue);

    /// <summary>Ends what has waited for long enough; true when there was any.</summary>
    public bool EndDue(long nowMs) =>
        (!_corked.IsEmpty && Uncork(nowMs - CorkMsMax)) | (!_delayed.IsEmpty && EndReceiveDelay(nowMs - ReceiveDelayMsMax));

    /// <summary>Sends what is corked since this time or longer; true when there was any.</summary>
    private bool Uncork(long sinceMs)
    {
        bool any = false;
        for (; _corked.TakeSince(sinceMs) is { } connection; any = true)
            connection.Uncork();
        return any;
    }

    /// <summary>Looks again at the connections that are delayed since this time or longer; true when there was any.</summary>
    private bool EndReceiveDelay(long sinceMs)
    {
        bool any = false;
        for (; _delayed.TakeSince(sinceMs) is { } connection; any = true)
            connection.EndReceiveDelay();
        return any;
    }

    /// <summary>Where a connection stands in the list of corked bytes.</summary>
    private readonly struct CorkedPlace : IWaitingPlace
    {
        public static ref WaitingLink LinkOf(TcpConnection connection) => ref connection.CorkedLink;
    }

    /// <summary>Where a connection stands in the list of those that are not looked at.</summary>
    private readonly struct DelayedPlace : IWaitingPlace
    {
        public static ref WaitingLink LinkOf(TcpConnection connection) => ref connection.DelayedLink;
    }
}
