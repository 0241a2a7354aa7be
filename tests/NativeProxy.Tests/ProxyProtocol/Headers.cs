using System;
using System.Buffers.Binary;
using System.Linq;
using System.Net;
using System.Numerics;
using NativeProxy.ProxyProtocol;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.ProxyProtocol;

/// <summary>Builds PROXY headers, sound and broken ones.</summary>
internal static class Headers
{
    public const string V1 = "PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\n";
    public const string Signature = "\r\n\r\n\0\r\nQUIT\n";

    /// <summary>Source 192.0.2.33:40000.</summary>
    public static readonly byte[] Addresses4 = [.. IPAddress.Parse("192.0.2.33").GetAddressBytes(), 198, 51, 100, 1, 0x9C, 0x40, 0, 80];

    /// <summary>Source [2001:db8::33]:40000.</summary>
    public static readonly byte[] Addresses6 =
        [.. IPAddress.Parse("2001:db8::33").GetAddressBytes(), .. IPAddress.Parse("2001:db8::1").GetAddressBytes(), 0x9C, 0x40, 0, 80];

    /// <summary>A version 2 header with this command and family byte.</summary>
    public static byte[] V2(int command, int family, params byte[] payload) =>
        [.. Bytes(Signature), (byte)command, (byte)family, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];

    public static byte[] Extension(int type, params byte[] value) => [(byte)type, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    /// <summary>A TCP4 header with a checksum, right or wrong, between two other extensions.</summary>
    public static byte[] WithChecksum(bool isRight)
    {
        byte[] before = [.. Addresses4, .. Extension(4, 1, 2, 3)];
        byte[] header = V2(0x21, 0x11, [.. before, .. Extension(3, 0, 0, 0, 0), .. Extension(1, (byte)'h', (byte)'2')]);
        uint crc = ~header.Aggregate(uint.MaxValue, BitOperations.Crc32C);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(16 + before.Length + 3), isRight ? crc : crc ^ 1);
        return header;
    }

    public static byte[][] Sound() =>
    [
        Bytes(V1),
        Bytes("PROXY TCP6 2001:db8::33 ::1 1 65535\r\n"),
        Bytes("PROXY UNKNOWN\r\n"),
        Bytes("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"),
        Bytes("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
        V2(0x21, 0x11, Addresses4),
        V2(0x21, 0x21, Addresses6),
        V2(0x21, 0x11, [.. Addresses4, .. Extension(1, 1, 2), .. Extension(0x30)]),
        V2(0x20, 0x00),
        V2(0x20, 0xFF, 1, 2, 3),
        V2(0x21, 0x00, 9, 9),
        V2(0x21, 0x31, new byte[216]),
        V2(0x21, 0x12, Addresses4),
        WithChecksum(isRight: true),
    ];

    public static string Verdict(ReadOnlySpan<byte> bytes) => ProxyHeaderParser.Parse(bytes).ToString();
}
