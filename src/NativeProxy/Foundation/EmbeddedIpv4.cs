using System;

namespace NativeProxy.Foundation;

/// <summary>
/// IPv4 addresses inside of IPv6 addresses: whoever connects to such an IPv6 address may reach the IPv4 host, by a translator or a tunnel on the way,
/// or by the kernel. Pure; allocates nothing. What a network operator has chosen for translation (RFC 6052 2.2) cannot be seen in an address.
/// </summary>
internal static class EmbeddedIpv4
{
    /// <summary>Most readings of one address.</summary>
    public const int ReadingsMax = 4;

    /// <summary>The forms, each with its prefix, and the bits from which the 32 bits of the inner address are taken.</summary>
    private static readonly Form[] Forms =
    [
        // IPv4-compatible, RFC 4291 2.5.5.1.
        new(default, 96, 96, false),

        // IPv4-mapped, RFC 4291 2.5.5.2. PeerAddress knows them already; here for the addresses that have come another way.
        new((UInt128)0xFFFF << 32, 96, 96, false),

        // IPv4-translated, RFC 2765 2.1.
        new((UInt128)0xFFFF << 48, 96, 96, false),

        // The well-known prefix of NAT64, RFC 6052 2.1.
        new((UInt128)0x0064_FF9B << 96, 96, 96, false),

        // 6to4, RFC 3056.
        new((UInt128)0x2002 << 112, 16, 16, false),

        // Teredo, RFC 4380 4: the server, and the client, whose bits are inverted.
        new((UInt128)0x2001 << 112, 32, 32, false),
        new((UInt128)0x2001 << 112, 32, 96, true),
    ];

    /// <summary>Local-use NAT64, RFC 8215: a /48 in which networks choose one of the lengths of RFC 6052.</summary>
    private static readonly UInt128 LocalNat64 = (UInt128)0x0064_FF9B_0001 << 80;

    /// <summary>All inner addresses that the address may be read as; returns how many.</summary>
    /// <param name="address">Any address.</param>
    /// <param name="inner">At least <see cref="ReadingsMax"/>.</param>
    public static int Read(PeerAddress address, Span<PeerAddress> inner)
    {
        if (address.AddressBytes != 16)
            return 0;
        int count = 0;
        UInt128 bits = address.Bits;
        foreach (Form form in Forms)
        {
            if (bits >> (128 - form.PrefixBits) == form.Prefix >> (128 - form.PrefixBits))
                inner[count++] = Inner(form.IsInverted ? ~bits : bits, form.At, address.Port);
        }

        // ISATAP, RFC 5214 6.1: an interface identifier of 0000:5efe or 0200:5efe and the address, behind any prefix.
        if (count < ReadingsMax && ((uint)(bits >> 32) & ~0x0200_0000u) == 0x5EFE)
            inner[count++] = Inner(bits, 96, address.Port);
        return bits >> 80 == LocalNat64 >> 80 ? ReadLocalNat64(bits, address.Port, inner) : count;
    }

    /// <summary>
    /// The address begins behind 48, 56, 64 or 96 bits and leaves out bits 64 to 71 (RFC 6052 2.2). The right length cannot be seen, but a reading
    /// that begins with a zero byte is no address of a host: it counts only where all do.
    /// </summary>
    private static int ReadLocalNat64(UInt128 bits, int port, Span<PeerAddress> inner)
    {
        ulong high = (ulong)(bits >> 64);
        ulong low = (ulong)bits;
        ReadOnlySpan<uint> readings =
        [
            ((uint)high << 16) | (uint)((low >> 40) & 0xFFFF),
            ((uint)high << 24) | (uint)((low >> 32) & 0xFF_FFFF),
            (uint)(low >> 24),
            (uint)low,
        ];
        int count = 0;
        foreach (uint reading in readings)
        {
            if (reading >> 24 != 0)
                inner[count++] = Of(reading, port);
        }
        if (count == 0)
            inner[count++] = Of(0, port);
        return count;
    }

    private static PeerAddress Inner(UInt128 bits, int at, int port) => Of((uint)(bits >> (96 - at)), port);

    private static PeerAddress Of(uint address, int port) =>
        new([(byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address], port);

    /// <summary>One form.</summary>
    /// <param name="Prefix">The first bits, at their place.</param>
    /// <param name="PrefixBits">How many of them are compared.</param>
    /// <param name="At">The first bit of the inner address.</param>
    /// <param name="IsInverted">Whether the bits of the inner address are inverted.</param>
    private readonly record struct Form(UInt128 Prefix, int PrefixBits, int At, bool IsInverted);
}
