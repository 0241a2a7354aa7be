using System;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// The parser tables and the output buffer that all connections of one loop share. Each use begins and ends within one call, so the
/// memory stays hot and no connection holds any of it. Thread: the loop.
/// </summary>
internal sealed class WireScratch
{
    /// <summary>Largest response head; a larger one is answered with 502. HAProxy and nginx allow 16 and 32 KiB.</summary>
    public const int ResponseHeadBytesMax = 64 * 1024;

    /// <summary>Most fields of a response head.</summary>
    public const int ResponseFieldsMax = 256;

    /// <summary>Largest trailer section.</summary>
    public const int TrailerBytesMax = 8 * 1024;

    /// <summary>Room for the fields that the proxy adds to a head.</summary>
    private const int AddedBytesMax = 4 * 1024;

    /// <summary>Room for what frames a message, and speaks of its connection.</summary>
    private const int FramingBytesMax = 512;

    private readonly byte[] _trailerLines = GC.AllocateUninitializedArray<byte>(TrailerBytesMax, pinned: true);

    /// <param name="requestHeadBytesMax">Largest <c>header_bytes</c> of all listeners of the loop.</param>
    /// <param name="requestFieldsMax">Largest <c>header_count</c> of all listeners of the loop.</param>
    /// <param name="receiveBytesMax">Most bytes that one receive delivers.</param>
    public WireScratch(int requestHeadBytesMax, int requestFieldsMax, int receiveBytesMax)
    {
        Request = new RequestHead(requestFieldsMax);
        HeadBytesMax = Math.Max(requestHeadBytesMax, ResponseHeadBytesMax) + AddedBytesMax;
        PieceBytesMax = receiveBytesMax;
        Output = GC.AllocateUninitializedArray<byte>(
            HeadBytesMax + BodyWriter.FrameBytesMax + receiveBytesMax + TrailerBytesMax + BodyWriter.FrameBytesMax, pinned: true);
    }

    public RequestHead Request { get; }

    public ResponseHead Response { get; } = new(ResponseFieldsMax);

    public HeaderTable Trailers { get; } = new(64);

    public HeadLimits ResponseLimits { get; } = new(ResponseHeadBytesMax, ResponseFieldsMax, int.MaxValue);

    /// <summary>Text of a client's address.</summary>
    public byte[] AddressText { get; } = new byte[PeerAddress.TextBytesMax];

    /// <summary>Longest head that is written.</summary>
    public int HeadBytesMax { get; }

    /// <summary>Most data in one piece of a body.</summary>
    public int PieceBytesMax { get; }

    /// <summary>What is about to be sent: a head, frames, data, in this order.</summary>
    public byte[] Output { get; }

    /// <summary>The part of <see cref="Output"/> for a head; a piece of a body fits into the rest.</summary>
    public Span<byte> Head => Output.AsSpan(0, HeadBytesMax);

    /// <summary>
    /// The part of <see cref="Output"/> in which the data of a piece is put together that came in several frames. In front of it there is room
    /// for a frame and a head, so that it need not be copied again.
    /// </summary>
    public Span<byte> Data => Output.AsSpan(HeadBytesMax + BodyWriter.FrameBytesMax, PieceBytesMax);

    /// <summary>
    /// Most bytes of words, fields and upgrade of a request: what HTTP/1 says around them still fits into <see cref="Head"/>.
    /// </summary>
    public int RequestBytesMax => HeadBytesMax - FramingBytesMax;

    /// <summary>Where trailer fields that pass are written as lines.</summary>
    public Span<byte> TrailerLines => _trailerLines;
}
