using System;
using System.Buffers;
using NativeProxy.Http;

namespace NativeProxy.Tracing;

/// <summary>
/// The value of traceparent (W3C Trace Context section 3.2): <c>00-</c> 32 hex digits of the trace <c>-</c> 16 of the parent <c>-</c> 2 of flags,
/// none of the numbers 0, in small letters. Later versions begin the same way and are read so (section 3.2.4). Pure.
/// </summary>
internal static class TraceParentText
{
    private const int TraceStart = 3;
    private const int TraceBytes = 32;
    private const int ParentStart = 36;
    private const int ParentBytes = RequestTrace.SpanIdBytes;
    private const int FlagsStart = 53;

    /// <summary>Sampled, and random trace id; the others are undefined and must be 0.</summary>
    private const int KnownFlags = 3;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    public static bool IsValid(ReadOnlySpan<byte> value)
    {
        if (value.Length < RequestTrace.TraceParentBytes || value[2] != '-' || value[ParentStart - 1] != '-' || value[FlagsStart - 1] != '-')
            return false;
        bool isOfFirstVersion = value.StartsWith("00"u8);
        bool endsWell = value.Length == RequestTrace.TraceParentBytes || (!isOfFirstVersion && value[RequestTrace.TraceParentBytes] == '-');
        return endsWell && !value.StartsWith("ff"u8) && IsHex(value[..2]) && IsHex(value.Slice(FlagsStart, 2))
            && IsNumber(value.Slice(TraceStart, TraceBytes)) && IsNumber(value.Slice(ParentStart, ParentBytes));
    }

    /// <summary>Writes the same trace and flags with another parent.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="received">A valid one.</param>
    /// <param name="random">Makes the parent.</param>
    public static void Continue(Span<byte> text, ReadOnlySpan<byte> received, RandomText random)
    {
        Begin(text);
        received.Slice(TraceStart, TraceBytes).CopyTo(text[TraceStart..]);
        random.WriteHex(text.Slice(ParentStart, ParentBytes));
        text[FlagsStart] = (byte)'0';
        text[FlagsStart + 1] = (byte)('0' + (AsciiBytes.HexValue(received[FlagsStart + 1]) & KnownFlags));
    }

    /// <summary>The parent that a valid one names.</summary>
    public static ReadOnlySpan<byte> ParentOf(ReadOnlySpan<byte> received) => received.Slice(ParentStart, ParentBytes);

    /// <summary>Writes a new trace.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="random">Makes the numbers.</param>
    /// <param name="isSampled">Servers that follow their parent record it.</param>
    public static void Create(Span<byte> text, RandomText random, bool isSampled)
    {
        Begin(text);
        random.WriteHex(text.Slice(TraceStart, TraceBytes));
        random.WriteHex(text.Slice(ParentStart, ParentBytes));
        text[FlagsStart] = (byte)'0';
        text[FlagsStart + 1] = (byte)(isSampled ? '1' : '0');
    }

    private static void Begin(Span<byte> text)
    {
        "00-"u8.CopyTo(text);
        text[ParentStart - 1] = text[FlagsStart - 1] = (byte)'-';
    }

    private static bool IsHex(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(HexDigits);

    private static bool IsNumber(ReadOnlySpan<byte> text) => IsHex(text) && text.ContainsAnyExcept((byte)'0');
}
