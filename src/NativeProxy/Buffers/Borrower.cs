namespace NativeProxy.Buffers;

/// <summary>What a lent block is used for; the pools count by it, so that a leak names its kind.</summary>
internal enum Borrower : byte
{
    /// <summary>Unfinished received bytes of one connection.</summary>
    ReceiveTail,

    /// <summary>Bytes accepted for sending that the socket has not taken yet.</summary>
    SendQueue,

    /// <summary>Copy of a request kept so that it can be sent again.</summary>
    ReplayCopy,

    /// <summary>A response of a cache, complete or not; cut from a pool of the cache's own.</summary>
    CachedResponse,

    /// <summary>What the access log will show of a request, until its exchange ends.</summary>
    LogText,
}
