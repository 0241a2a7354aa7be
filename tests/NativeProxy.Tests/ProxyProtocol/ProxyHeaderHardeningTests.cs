using System;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NativeProxy.ProxyProtocol;
using NativeProxy.Tests.Http1;
using Xunit;
using Xunit.Abstractions;
using static NativeProxy.Tests.ProxyProtocol.Headers;

namespace NativeProxy.Tests.ProxyProtocol;

/// <summary>Every prefix, every split, no read outside the span, no allocation, and mutations judged by an independent reading.</summary>
public class ProxyHeaderHardeningTests(ITestOutputHelper output)
{
    private static readonly Regex Line = new(
        @"\APROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP(?<family>[46]) (?<source>[0-9a-fA-F.:]+) (?<target>[0-9a-fA-F.:]+) "
        + @"(?<port>[0-9]{1,5}) (?<targetPort>[0-9]{1,5}))\r\n",
        RegexOptions.CultureInvariant);

    [Fact]
    public void EveryPrefix_NeedsMore_AndWhatFollowsDoesNotMatter()
    {
        foreach (byte[] header in Sound())
        {
            string whole = Verdict(header);
            Assert.StartsWith($"Done({header.Length}, ", whole, StringComparison.Ordinal);
            for (int length = 0; length < header.Length; length++)
                Assert.Equal("NeedMore", Verdict(header.AsSpan(0, length)));
            Assert.Equal(whole, Verdict([.. header, .. "GET / HTTP/1.1\r\n"u8]));
            Assert.Equal(whole, Verdict([.. header, .. header]));
        }
    }

    [Fact]
    public void NoByte_IsReadOutsideTheSpan()
    {
        if (!GuardedPage.IsSupported)
        {
            output.WriteLine("skipped: no guard pages on this system");
            return;
        }
        using GuardedPage page = new();
        foreach (byte[] header in Sound())
        {
            for (int length = 0; length <= header.Length; length++)
            {
                string verdict = Verdict(header.AsSpan(0, length));
                Assert.Equal(verdict, ProxyHeaderParser.Parse(page.AtEnd(header.AsSpan(0, length))).ToString());
                Assert.Equal(verdict, ProxyHeaderParser.Parse(page.AtStart(header.AsSpan(0, length))).ToString());
            }
        }
    }

    [Fact]
    public void Parser_AllocatesNothing()
    {
        byte[][] headers = Sound();
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (byte[] header in headers)
                ProxyHeaderParser.Parse(header);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(round == 0 || allocated == 0, $"{allocated} bytes allocated");
        }
    }

    [Fact]
    public void Mutations_AreJudgedAsTheSpecificationSays()
    {
        string? given = Environment.GetEnvironmentVariable("NATIVEPROXY_FUZZ_SEED");
        int seed = given is null ? Environment.TickCount : int.Parse(given, CultureInfo.InvariantCulture);
        int rounds = int.Parse(Environment.GetEnvironmentVariable("NATIVEPROXY_FUZZ_ROUNDS") ?? "20000", CultureInfo.InvariantCulture);
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] sound = Sound();
        for (int round = 0; round < rounds; round++)
        {
            byte[] input = Mutate(sound[round % sound.Length], random);
            ProxyHeader header = ProxyHeaderParser.Parse(input);
            string expected = Expected(input);
            Assert.True(expected == Short(header), $"seed {seed}: {Wire.Show(input)} is {header}, expected {expected}");
            int cut = random.Next(input.Length + 1);
            ProxyHeader prefix = ProxyHeaderParser.Parse(input.AsSpan(0, cut));
            bool agrees = prefix.Status == ProxyHeaderStatus.NeedMore || prefix.ToString() == header.ToString()
                || (prefix.Status == ProxyHeaderStatus.Rejected && header.Status == ProxyHeaderStatus.Rejected);
            Assert.True(agrees, $"seed {seed}: {Wire.Show(input)} is {header}, its first {cut} bytes are {prefix}");
        }
    }

    private static string Short(ProxyHeader header) => header.Status == ProxyHeaderStatus.Rejected ? "Rejected" : header.ToString();

    private static byte[] Mutate(byte[] header, Random random)
    {
        byte[] bytes = [.. header, .. "rest"u8];
        for (int i = random.Next(4); i > 0; i--)
        {
            int at = random.Next(bytes.Length);
            bytes = random.Next(4) switch
            {
                0 => [.. bytes[..at], .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                2 => [.. bytes[..at], "\r\n\t 0:.18fP"u8[random.Next(11)], .. bytes[(at + 1)..]],
                _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << random.Next(8))), .. bytes[(at + 1)..]],
            };
            if (bytes.Length == 0)
                return bytes;
        }
        return bytes;
    }

    /// <summary>The rules once more, written for reading and not for speed.</summary>
    private static string Expected(byte[] input)
    {
        string text = Wire.Text(input);
        if (text.StartsWith("PROXY ", StringComparison.Ordinal))
            return ExpectedOfLine(text);
        if (text.StartsWith(Signature, StringComparison.Ordinal))
            return ExpectedOfBinary(input);
        bool isBeginning = "PROXY ".StartsWith(text, StringComparison.Ordinal) || Signature.StartsWith(text, StringComparison.Ordinal);
        return isBeginning ? "NeedMore" : "Rejected";
    }

    private static string ExpectedOfLine(string text)
    {
        int end = text.IndexOfAny(['\r', '\n']);
        bool isEnded = end >= 0 && (text[end] == '\n' || end + 1 < text.Length);
        if (!isEnded)
            return text.Length < 107 ? "NeedMore" : "Rejected";
        Match line = Line.Match(text);
        if (!line.Success || line.Length > 107)
            return "Rejected";
        if (!line.Groups["family"].Success)
            return $"Done({line.Length}, none)";
        AddressFamily family = line.Groups["family"].Value == "4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        bool isSound = IsAddress(line.Groups["source"].Value, family, out IPAddress source) & IsAddress(line.Groups["target"].Value, family, out _)
            & IsPort(line.Groups["port"].Value) & IsPort(line.Groups["targetPort"].Value);
        if (!isSound)
            return "Rejected";
        int port = int.Parse(line.Groups["port"].Value, CultureInfo.InvariantCulture);
        return $"Done({line.Length}, {new IPEndPoint(source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source, port)})";
    }

    private static bool IsPort(string text) => int.Parse(text, CultureInfo.InvariantCulture) <= 65535 && (text.Length == 1 || text[0] != '0');

    private static bool IsAddress(string text, AddressFamily family, out IPAddress address)
    {
        bool isPlain4 = Regex.IsMatch(text, @"\A(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})\z");
        bool isPlain6 = text.Contains(':', StringComparison.Ordinal) && !Regex.IsMatch(text, @"[0-9a-fA-F]{5}|[:.]0[0-9]+\.|\.0[0-9]");
        bool isPlain = family == AddressFamily.InterNetwork ? isPlain4 : isPlain6;
        return IPAddress.TryParse(text, out address!) && isPlain && address.AddressFamily == family;
    }

    private static string ExpectedOfBinary(byte[] input)
    {
        if (input.Length < 16)
            return "NeedMore";
        int length = BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(14));
        (int version, int command, int family, int transport) = (input[12] >> 4, input[12] & 15, input[13] >> 4, input[13] & 15);
        int addresses = command == 0 ? 0 : family switch { 1 => 12, 2 => 36, 3 => 216, _ => 0 };
        if (version != 2 || command > 1 || length > 4080 || (command == 1 && (family > 3 || transport > 2)) || length < addresses)
            return "Rejected";
        if (input.Length < 16 + length)
            return "NeedMore";
        if (command == 0 || transport != 1 || family is 0 or 3)
            return $"Done({16 + length}, none)";
        byte[] extensions = input[(16 + addresses)..(16 + length)];
        while (extensions.Length > 0)
        {
            if (extensions.Length < 3 || extensions.Length < 3 + BinaryPrimitives.ReadUInt16BigEndian(extensions.AsSpan(1)))
                return "Rejected";
            // A mutated header practically never has the right checksum; the sound one is the only that may have.
            if (extensions[0] == 3 && !input.AsSpan(0, 16 + length).SequenceEqual(WithChecksum(isRight: true)))
                return "Rejected";
            extensions = extensions[(3 + BinaryPrimitives.ReadUInt16BigEndian(extensions.AsSpan(1)))..];
        }
        int size = family == 1 ? 4 : 16;
        var address = new IPAddress(input[16..(16 + size)]);
        int port = BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(16 + (2 * size)));
        return $"Done({16 + length}, {new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port)})";
    }
}
