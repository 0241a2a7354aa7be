using System;
using NativeProxy.Buffers;
using NativeProxy.Transport;

namespace NativeProxy.Clients.Http1;

/// <summary>What became of bytes of an answer.</summary>
internal enum OutputResult : byte
{
    /// <summary>They went on, or wait and more may follow.</summary>
    Taken,

    /// <summary>The client does not take them as fast as they come.</summary>
    Blocked,

    /// <summary>So much waits for its turn that no more may follow.</summary>
    Full,
}

/// <summary>
/// The bytes of one answer on their way to the client: sent when it is the answer's turn, withheld before, and counted. Part of a stream (a mutable
/// struct: keep it in a field, never copy it); thread: the loop. Never knows what the bytes mean.
/// </summary>
internal struct ResponseOutput
{
    private WithheldResponse _withheld = new();
    private int _headBytes;
    private long _bodyBytes;

    public ResponseOutput()
    {
    }

    /// <summary>True when all earlier requests of the client are answered, so that what comes goes to the client.</summary>
    public bool IsFirstInLine { get; set; }

    /// <summary>True while bytes wait for their turn or for the client to take what went before them.</summary>
    public readonly bool HasWithheld => !_withheld.IsEmpty;

    /// <summary>True when there was no buffer to withhold the answer in.</summary>
    public bool IsLost { get; private set; }

    /// <summary>What was given is content as it stands: an answer of the proxy's own, or no longer HTTP.</summary>
    public bool IsUnframed { get; set; }

    /// <summary>Another answer begins.</summary>
    public void Begin(bool isFirst)
    {
        IsFirstInLine = isFirst;
        IsLost = IsUnframed = false;
        _headBytes = 0;
        _bodyBytes = 0;
    }

    /// <summary>Content among so many bytes given: not the heads, and not what frames the body.</summary>
    public readonly long ContentOf(long sentBytes) => Math.Clamp(sentBytes - _headBytes, 0, IsUnframed ? long.MaxValue : _bodyBytes);

    /// <summary>Sends bytes, or withholds them.</summary>
    /// <param name="client">Where they go.</param>
    /// <param name="bytes">A head, a framed piece, or both.</param>
    /// <param name="headBytes">How many of them are a head.</param>
    /// <param name="contentBytes">How many are content.</param>
    /// <param name="moreFollows">Another answer will follow shortly.</param>
    /// <param name="pools">Where they are withheld.</param>
    /// <param name="sentBytes">Counts them.</param>
    public OutputResult Give(TcpConnection client, ReadOnlySpan<byte> bytes, int headBytes, int contentBytes, bool moreFollows, BufferPools pools,
        ref long sentBytes)
    {
        _headBytes += headBytes;
        _bodyBytes += contentBytes;
        if (bytes.IsEmpty)
            return OutputResult.Taken;
        if (!IsFirstInLine || HasWithheld)
            return Withhold(bytes, pools, ref sentBytes);
        sentBytes += bytes.Length;
        SendResult result = moreFollows ? client.SendSoon(bytes) : client.Send(bytes);
        return result == SendResult.Queued ? OutputResult.Blocked : OutputResult.Taken;
    }

    /// <summary>It is this answer's turn: sends what was withheld. True when nothing of it is left.</summary>
    public bool Flush(BufferPools pools, TcpConnection client) => _withheld.Flush(pools, client);

    /// <summary>What is withheld will never be sent.</summary>
    public void Drop(BufferPools pools, ref long sentBytes)
    {
        sentBytes -= _withheld.Bytes;
        _withheld.Release(pools);
    }

    /// <summary>Takes back what was withheld; nothing of it was sent, so another answer may take its place.</summary>
    public void Withdraw(BufferPools pools, ref long sentBytes)
    {
        Drop(pools, ref sentBytes);
        IsLost = false;
        _headBytes = 0;
        _bodyBytes = 0;
    }

    private OutputResult Withhold(ReadOnlySpan<byte> bytes, BufferPools pools, ref long sentBytes)
    {
        if (IsLost || !_withheld.TryAdd(pools, bytes))
        {
            IsLost = true;
            return OutputResult.Taken;
        }
        sentBytes += bytes.Length;
        return _withheld.IsFull ? OutputResult.Full : OutputResult.Taken;
    }
}
