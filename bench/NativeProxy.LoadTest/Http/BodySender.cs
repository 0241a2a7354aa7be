using System;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Http;

/// <summary>
/// The body that one connection is sending, behind a head that is in the thread's output buffer already: small bodies are copied there too,
/// large ones leave straight from the pattern. Owns the place in the body; the bytes that the socket did not take belong to the
/// connection's <see cref="UnsentBytes"/>.
/// </summary>
internal unsafe struct BodySender
{
    private const int CopiedBytesMax = 32 * 1024;
    private const int ChunkedBatchBytes = 256 * 1024;

    private readonly ulong _id;
    private long _offset;
    private long _remaining;

    /// <summary>0 = with length, or the last chunk has been written.</summary>
    private int _chunkBytes;

    public BodySender(ulong id, long sizeBytes, int chunkBytes)
    {
        _id = id;
        _remaining = sizeBytes;
        _chunkBytes = chunkBytes;
    }

    /// <summary>Writes the whole body into the output, however large.</summary>
    public void AppendAll(OutputBuffer output)
    {
        if (_chunkBytes > 0)
            AppendChunks(output, int.MaxValue);
        for (; _remaining > 0 && _chunkBytes == 0; Pass((int)Math.Min(_remaining, BodyPattern.PieceBytesMax)))
            output.AppendPattern(_id, _offset, (int)Math.Min(_remaining, BodyPattern.PieceBytesMax));
    }

    /// <summary>
    /// Adds body to the output or sends it. True when the whole body is in the output or with the socket; false when the socket takes no
    /// more now, or is broken.
    /// </summary>
    public bool Advance(OutputBuffer output, ref UnsentBytes unsent, Wire wire, out bool isBroken)
    {
        isBroken = false;
        if (_chunkBytes == 0 && _remaining <= CopiedBytesMax)
        {
            AppendAll(output);
            return true;
        }
        while (_remaining > 0 || _chunkBytes > 0)
        {
            if (_chunkBytes > 0)
                AppendChunks(output, ChunkedBatchBytes);
            isBroken = !Flush(output, ref unsent, wire, moreFollows: _remaining > 0);
            if (isBroken || !unsent.IsEmpty)
                return false;
            if (_chunkBytes > 0 || _remaining == 0)
                continue;
            int sent = wire.Send(BodyPattern.At(_id, _offset), (int)Math.Min(_remaining, BodyPattern.PieceBytesMax));
            isBroken = sent == TcpSocket.Broken;
            if (sent < 0)
                return false;
            Pass(sent);
        }
        return true;
    }

    /// <summary>Sends the output; what the socket does not take becomes unsent. False when the connection is broken.</summary>
    public static bool Flush(OutputBuffer output, ref UnsentBytes unsent, Wire wire, bool moreFollows = false)
    {
        if (output.Count == 0)
            return true;
        int sent = unsent.IsEmpty ? wire.Send(output.Start, output.Count, moreFollows) : 0;
        if (sent != TcpSocket.Broken && sent < output.Count)
            unsent.Keep(output.Bytes[Math.Max(0, sent)..]);
        output.Clear();
        return sent != TcpSocket.Broken;
    }

    private void AppendChunks(OutputBuffer output, int outputBytesMax)
    {
        while (_remaining > 0 && output.Count < outputBytesMax)
        {
            int count = (int)Math.Min(_remaining, _chunkBytes);
            output.AppendHex((ulong)count);
            output.Append("\r\n"u8);
            output.AppendPattern(_id, _offset, count);
            output.Append("\r\n"u8);
            Pass(count);
        }
        if (_remaining > 0)
            return;
        output.Append("0\r\n\r\n"u8);
        _chunkBytes = 0;
    }

    private void Pass(int count)
    {
        _offset += count;
        _remaining -= count;
    }
}
