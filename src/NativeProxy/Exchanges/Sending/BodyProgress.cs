using NativeProxy.Http;

namespace NativeProxy.Exchanges.Sending;

/// <summary>How much of a request's body has been read. Part of a <see cref="RequestPath"/> (a mutable struct: keep it in a field).</summary>
internal struct BodyProgress
{
    private long _bytesMax;

    /// <summary>Bytes read.</summary>
    public long Bytes { get; private set; }

    /// <summary>The client's last byte of the request was read.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Another request begins.</summary>
    /// <param name="bytesMax">Longest body; 0 = no limit.</param>
    public void Begin(long bytesMax)
    {
        _bytesMax = bytesMax;
        Bytes = 0;
        IsComplete = false;
    }

    /// <summary>Counts a piece. False when the body is longer than it may be.</summary>
    public bool TryCount(in BodyPiece piece)
    {
        Bytes += piece.Data.Length;
        IsComplete |= piece.IsLast;
        return _bytesMax == 0 || Bytes <= _bytesMax;
    }
}
