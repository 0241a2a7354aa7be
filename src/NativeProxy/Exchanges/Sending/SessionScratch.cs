using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The parser tables and the output buffer that all sessions of one loop share. Each use begins and ends within one call, so the
/// memory stays hot and no session holds any of it. Thread: the loop.
/// </summary>
internal sealed class SessionScratch
{
    /// <summary>Largest response head; a larger one is answered with 502. HAProxy and nginx allow 16 and 32 KiB.</summary>
    public const int ResponseHeadBytesMax = 64 * 1024;

    /// <summary>Most fields of a response head.</summary>
    public const int ResponseFieldsMax = 256;

    /// <summary>Largest trailer section.</summary>
    public const int TrailerBytesMax = 8 * 1024;

    /// <summary>Room for the fields that the proxy adds to a head.</summary>
    private const int AddedBytesMax = 4 * 1024;

    private readonly int _headBytesMax;

    /// <param name="requestHeadBytesMax">Largest <c>header_bytes</c> of all listeners of the loop.</param>
    /// <param name="requestFieldsMax">Largest <c>header_count</c> of all listeners of the loop.</param>
    /// <param name="receiveBytesMax">Most bytes that one receive delivers.</param>
    public SessionScratch(int requestHeadBytesMax, int requestFieldsMax, int receiveBytesMax)
    {
        Request = new RequestHead(requestFieldsMax);
        _headBytesMax = Math.Max(requestHeadBytesMax, ResponseHeadBytesMax) + AddedBytesMax;
        Output = GC.AllocateUninitializedArray<byte>(_headBytesMax + receiveBytesMax + TrailerBytesMax, pinned: true);
    }

    public RequestHead Request { get; }

    public ResponseHead Response { get; } = new(ResponseFieldsMax);

    public HeaderTable Trailers { get; } = new(64);

    public HeadLimits ResponseLimits { get; } = new(ResponseHeadBytesMax, ResponseFieldsMax, int.MaxValue);

    /// <summary>Text of a client's address.</summary>
    public byte[] AddressText { get; } = new byte[PeerAddress.TextBytesMax];

    /// <summary>What is about to be sent.</summary>
    public byte[] Output { get; }

    /// <summary>The part of <see cref="Output"/> for a head; what is received behind it fits into the rest.</summary>
    public Span<byte> Head => Output.AsSpan(0, _headBytesMax);
}
