using System;
using System.Buffers.Binary;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// One question to a DNS server: what is asked, under which number, and whether a message is the answer to it. Immutable; pure.
/// </summary>
/// <param name="Id">Chosen by chance, so that nobody who cannot see the question can answer it (RFC 5452).</param>
/// <param name="Name">Without its final dot.</param>
/// <param name="Type">The records asked for.</param>
internal readonly record struct DnsQuery(ushort Id, string Name, DnsType Type)
{
    /// <summary>Length of the fixed part of a message.</summary>
    public const int HeadBytes = 12;

    /// <summary>Longest question: head, name, type and class, and what announces longer answers.</summary>
    public const int BytesMax = HeadBytes + DnsName.EncodedBytesMax + 4 + OptBytes;

    /// <summary>Longest answer that is taken over UDP: one packet on any path (DNS flag day 2020).</summary>
    public const int UdpAnswerBytes = 1232;

    private const int OptBytes = 11;
    private const ushort RecursionDesired = 0x0100;
    private const ushort ClassInternet = 1;
    private const ushort TypeOpt = 41;

    /// <summary>Writes the question. Returns its length, 0 when the name cannot be asked for.</summary>
    /// <param name="target">At least <see cref="BytesMax"/>.</param>
    /// <param name="announcesSize">Whether it says how long answers may be (RFC 6891); old servers refuse that.</param>
    public int Write(Span<byte> target, bool announcesSize)
    {
        int nameBytes = DnsName.Write(Name, target[HeadBytes..]);
        if (nameBytes == 0)
            return 0;
        target[..HeadBytes].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(target, Id);
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], RecursionDesired);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], 1);
        BinaryPrimitives.WriteUInt16BigEndian(target[10..], (ushort)(announcesSize ? 1 : 0));
        int at = HeadBytes + nameBytes;
        BinaryPrimitives.WriteUInt16BigEndian(target[at..], (ushort)Type);
        BinaryPrimitives.WriteUInt16BigEndian(target[(at + 2)..], ClassInternet);
        at += 4;
        if (!announcesSize)
            return at;
        Span<byte> opt = target.Slice(at, OptBytes);
        opt.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(opt[1..], TypeOpt);
        BinaryPrimitives.WriteUInt16BigEndian(opt[3..], UdpAnswerBytes);
        return at + OptBytes;
    }

    /// <summary>Whether a message repeats this question as an answer must; anything else is not for us. Moves behind the question.</summary>
    public bool IsAnsweredBy(ReadOnlySpan<byte> message, out int at)
    {
        at = HeadBytes;
        return message.Length >= HeadBytes
            && BinaryPrimitives.ReadUInt16BigEndian(message) == Id
            && (message[2] & 0xF8) == 0x80
            && BinaryPrimitives.ReadUInt16BigEndian(message[4..]) == 1
            && DnsName.TryRead(message, ref at, out string name)
            && name.Equals(Name, StringComparison.OrdinalIgnoreCase)
            && at + 4 <= message.Length
            && BinaryPrimitives.ReadUInt16BigEndian(message[at..]) == (ushort)Type
            && BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]) == ClassInternet
            && (at += 4) > 0;
    }
}
