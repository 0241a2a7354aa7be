using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NativeProxy.Logging;

/// <summary>
/// Packs an <see cref="AccessRecord"/> into a <see cref="LogRing"/> slot and unpacks it: its kind, the numbers, the lengths of the texts, then the
/// texts, each cut to its maximum. Stateless. Never allocates. The layout lives only in this process's memory.
/// </summary>
internal static class AccessRecordCodec
{
    public const int AddressBytesMax = 16;
    public const int TlsBytesMax = 320;
    public const int RequestIdBytesMax = 128;
    public const int TraceParentBytes = 55;
    public const int CallerSpanBytesMax = 16;
    public const int MethodBytesMax = 32;
    public const int TargetBytesMax = 1024;
    public const int VersionBytesMax = 16;
    public const int HostBytesMax = 256;
    public const int UserAgentBytesMax = 512;
    public const int RefererBytesMax = 1024;

    private const int NumbersOffset = sizeof(LogRecordKind);

    private static readonly int LengthsOffset = NumbersOffset + Unsafe.SizeOf<AccessNumbers>();
    private static readonly int FixedBytes = LengthsOffset + Unsafe.SizeOf<TextLengths>();

    /// <summary>The largest slot a record can need; a ring must be at least twice as large.</summary>
    public static int RecordBytesMax =>
        FixedBytes + (2 * AddressBytesMax) + TlsBytesMax + RequestIdBytesMax + TraceParentBytes + CallerSpanBytesMax + MethodBytesMax
        + TargetBytesMax + VersionBytesMax + HostBytesMax + UserAgentBytesMax + RefererBytesMax + CaptureList.RecordBytesMax;

    /// <summary>Loop thread. False when the ring is full; the ring has counted the loss then.</summary>
    /// <param name="ring">Where to.</param>
    /// <param name="record">What is known of the exchange.</param>
    /// <param name="kind">What becomes of it.</param>
    public static bool TryWrite(LogRing ring, in AccessRecord record, LogRecordKind kind = LogRecordKind.Exchange)
    {
        TextLengths lengths = new()
        {
            Address = Cut(record.ClientAddress, AddressBytesMax),
            PeerAddress = Cut(record.PeerAddress, AddressBytesMax),
            Tls = Cut(record.Tls, TlsBytesMax),
            RequestId = Cut(record.RequestId, RequestIdBytesMax),
            TraceParent = Cut(record.TraceParent, TraceParentBytes),
            CallerSpan = Cut(record.CallerSpan, CallerSpanBytesMax),
            Method = Cut(record.Method, MethodBytesMax),
            Target = Cut(record.Target, TargetBytesMax),
            Version = Cut(record.Version, VersionBytesMax),
            Host = Cut(record.Host, HostBytesMax),
            UserAgent = Cut(record.UserAgent, UserAgentBytesMax),
            Referer = Cut(record.Referer, RefererBytesMax),
            Captures = Cut(record.Captures, CaptureList.RecordBytesMax),
        };
        if (!ring.TryReserve(FixedBytes + lengths.Sum, out Span<byte> rest))
            return false;

        MemoryMarshal.Write(rest, in kind);
        MemoryMarshal.Write(rest[NumbersOffset..], in record.Numbers);
        MemoryMarshal.Write(rest[LengthsOffset..], in lengths);
        rest = rest[FixedBytes..];
        Put(ref rest, record.ClientAddress, lengths.Address);
        Put(ref rest, record.PeerAddress, lengths.PeerAddress);
        Put(ref rest, record.Tls, lengths.Tls);
        Put(ref rest, record.RequestId, lengths.RequestId);
        Put(ref rest, record.TraceParent, lengths.TraceParent);
        Put(ref rest, record.CallerSpan, lengths.CallerSpan);
        Put(ref rest, record.Method, lengths.Method);
        Put(ref rest, record.Target, lengths.Target);
        Put(ref rest, record.Version, lengths.Version);
        Put(ref rest, record.Host, lengths.Host);
        Put(ref rest, record.UserAgent, lengths.UserAgent);
        Put(ref rest, record.Referer, lengths.Referer);
        Put(ref rest, record.Captures, lengths.Captures);
        ring.Commit();
        return true;
    }

    /// <summary>Writer thread. The record's spans point into <paramref name="slot"/>.</summary>
    public static AccessRecord Read(ReadOnlySpan<byte> slot)
    {
        TextLengths lengths = MemoryMarshal.Read<TextLengths>(slot[LengthsOffset..]);
        ReadOnlySpan<byte> rest = slot[FixedBytes..];
        return new AccessRecord
        {
            Numbers = MemoryMarshal.Read<AccessNumbers>(slot[NumbersOffset..]),
            ClientAddress = Take(ref rest, lengths.Address),
            PeerAddress = Take(ref rest, lengths.PeerAddress),
            Tls = Take(ref rest, lengths.Tls),
            RequestId = Take(ref rest, lengths.RequestId),
            TraceParent = Take(ref rest, lengths.TraceParent),
            CallerSpan = Take(ref rest, lengths.CallerSpan),
            Method = Take(ref rest, lengths.Method),
            Target = Take(ref rest, lengths.Target),
            Version = Take(ref rest, lengths.Version),
            Host = Take(ref rest, lengths.Host),
            UserAgent = Take(ref rest, lengths.UserAgent),
            Referer = Take(ref rest, lengths.Referer),
            Captures = Take(ref rest, lengths.Captures),
        };
    }

    private static ushort Cut(ReadOnlySpan<byte> text, int bytesMax) => (ushort)Math.Min(text.Length, bytesMax);

    private static void Put(ref Span<byte> rest, ReadOnlySpan<byte> text, int bytes)
    {
        if (bytes == 0)
            return;

        text[..bytes].CopyTo(rest);
        rest = rest[bytes..];
    }

    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> rest, int bytes)
    {
        ReadOnlySpan<byte> text = rest[..bytes];
        rest = rest[bytes..];
        return text;
    }

    /// <summary>Lengths of the texts, in the order in which they stand behind the numbers of a record.</summary>
    private struct TextLengths
    {
        public ushort Address;
        public ushort PeerAddress;
        public ushort Tls;
        public ushort RequestId;
        public ushort TraceParent;
        public ushort CallerSpan;
        public ushort Method;
        public ushort Target;
        public ushort Version;
        public ushort Host;
        public ushort UserAgent;
        public ushort Referer;
        public ushort Captures;

        public readonly int Sum =>
            Address + PeerAddress + Tls + RequestId + TraceParent + CallerSpan + Method + Target + Version + Host + UserAgent + Referer
            + Captures;
    }
}
