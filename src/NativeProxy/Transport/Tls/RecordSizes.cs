namespace NativeProxy.Transport.Tls;

/// <summary>
/// How large the next record of a connection is. What has just begun is read by a peer whose window is small: it can open a short record when one
/// packet has come, and a long one only with the last of twelve. A stream that runs is cheapest in the longest records. Owner: a <see
/// cref="TlsLayer"/>; a mutable struct. Thread: the loop.
/// </summary>
internal struct RecordSizes
{
    /// <summary>The longest record (RFC 8446 5.1), for who always wants it.</summary>
    public const int Largest = 16 * 1024;

    /// <summary>By what a stream does: short at first, then the longest.</summary>
    public const int Dynamic = 0;

    /// <summary>Fits into one packet with all heads, over IPv6 and with options.</summary>
    private const int ShortBytes = 1369;

    /// <summary>What is sent in short records.</summary>
    private const int ShortBytesMax = 64 * 1024;

    /// <summary>After so long without anything to send a stream begins anew.</summary>
    private const int RestMs = 1000;

    private readonly int _fixedBytes;
    private int _sentBytes;
    private long _sentMs;

    /// <param name="recordBytes">The size, or <see cref="Dynamic"/>.</param>
    public RecordSizes(int recordBytes) => (_fixedBytes, _sentBytes, _sentMs) = (recordBytes, 0, 0);

    /// <summary>Something is to be sent.</summary>
    /// <param name="nowMs">When, by the clock of the loop.</param>
    public void Begin(long nowMs)
    {
        if (nowMs - _sentMs > RestMs)
            _sentBytes = 0;
        _sentMs = nowMs;
    }

    /// <summary>Most bytes of the next record.</summary>
    public readonly int Next() => _fixedBytes != Dynamic ? _fixedBytes : _sentBytes < ShortBytesMax ? ShortBytes : Largest;

    /// <summary>So many bytes went into a record.</summary>
    public void Sent(int bytes)
    {
        if (_sentBytes < ShortBytesMax)
            _sentBytes += bytes;
    }
}
