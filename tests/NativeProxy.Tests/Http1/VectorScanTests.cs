using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.RegularExpressions;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using Xunit.Abstractions;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// The vectorised scans against loops over single bytes: random bytes, each length up to a few blocks, each start, each
/// alignment, and at both edges of a readable page.
/// </summary>
public partial class VectorScanTests(ITestOutputHelper output)
{
    private const int LengthMax = 200;
    private const int AlignmentCount = 64;

    [Fact]
    public void ScansOfRandomBytes_AgreeWithALoop_AtEachAlignment()
    {
        Random random = Seeded();
        byte[] room = new byte[LengthMax + AlignmentCount];
        for (int length = 0; length <= LengthMax; length++)
        {
            for (int alignment = 0; alignment < AlignmentCount; alignment++)
            {
                Span<byte> bytes = room.AsSpan(alignment, length);
                FillMostlyPlain(bytes, random);
                AssertScans(bytes, random.Next(length + 1));
            }
        }
    }

    [Fact]
    public void ScansOfRandomBytes_AgreeWithALoop_AtTheEdgesOfAPage()
    {
        if (!GuardedPage.IsSupported)
        {
            output.WriteLine("skipped: no guard pages on this system");
            return;
        }

        using GuardedPage page = new();
        Random random = Seeded();
        byte[] room = new byte[LengthMax];
        for (int length = 0; length <= LengthMax; length++)
        {
            Span<byte> bytes = room.AsSpan(0, length);
            for (int start = 0; start <= length; start++)
            {
                FillMostlyPlain(bytes, random);
                AssertScans(page.AtEnd(bytes), start);
                AssertScans(page.AtStart(bytes), start);
            }
        }
    }

    /// <summary>Each of the 256 bytes where a long value is passed over in strides, at each place of a stride.</summary>
    [Fact]
    public void LongText_EndsAtTheSameByteAsInALoop()
    {
        byte[] bytes = new byte[600];
        for (int stop = 200; stop < 200 + 128; stop++)
        {
            for (int value = 0; value < 256; value++)
            {
                Array.Fill(bytes, (byte)'x');
                bytes[stop] = (byte)value;
                AssertSame(bytes, 0, ByteScan.TextEnd(bytes, 0), AsciiBytes.IsTextByte);
            }
        }
    }

    /// <summary>Each known name with each byte in each place, against plain equality without regard to case.</summary>
    [Fact]
    public void NamesThatDifferFromAKnownOneInOneByte_AreFoundOnlyWhereTheyAreEqual()
    {
        List<(KnownHeader Known, byte[] Name)> all = [.. Enum.GetValues<KnownHeader>()
            .Where(known => known != KnownHeader.None)
            .Select(known => (known, Bytes(NameOf(known))))];
        foreach ((KnownHeader _, byte[] name) in all)
        {
            for (int place = 0; place < name.Length; place++)
            {
                for (int value = 0; value < 256; value++)
                {
                    byte[] other = (byte[])name.Clone();
                    other[place] = (byte)value;
                    if (AsciiBytes.IsToken(other))
                        AssertFound(all, other);
                }
            }
        }
    }

    /// <summary>What the short way accepts is a host with a port for the rules too, and it accepts every one that it is made for.</summary>
    [Fact]
    public void ShortHostWithPort_IsWhatTheRulesSay()
    {
        Random random = Seeded();
        int found = 0;
        for (int round = 0; round < 200_000; round++)
        {
            byte[] head = new byte[random.Next(40)];
            for (int i = 0; i < head.Length; i++)
                head[i] = random.Next(4) == 0 ? (byte)random.Next(256) : (byte)"a.0-:1659"[random.Next(9)];
            int start = random.Next(head.Length + 1);
            var run = new ByteRange(start, random.Next(Math.Min(19, head.Length - start + 1)));

            bool isShort = ByteScan.IsShortHostWithPort(head, run);

            Match match = ShortHostWithPort().Match(Encoding.Latin1.GetString(run.Of(head)));
            Assert.Equal(match.Success && run.Length <= 16 && head.Length >= 16, isShort);
            Assert.True(!isShort || HostRules.IsHostWithPort(head, run));
            found += isShort ? 1 : 0;
        }
        Assert.True(found > 1000, $"{found} found");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9.-]+:([0-9]{1,4}|[0-5][0-9]{4})\z")]
    private static partial Regex ShortHostWithPort();

    private static string NameOf(KnownHeader known) => known switch
    {
        KnownHeader.ETag => "ETag",
        KnownHeader.Http2Settings => "HTTP2-Settings",
        _ => string.Concat(known.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "-" + c : c.ToString())),
    };

    private static void AssertFound(List<(KnownHeader Known, byte[] Name)> all, byte[] name)
    {
        KnownHeader expected = all.FirstOrDefault(known => AsciiBytes.EqualsIgnoreCase(known.Name, name)).Known;
        Assert.Equal(expected, KnownHeaders.Find(name));

        // The same inside a head, where the name is loaded with what follows it.
        byte[] head = [.. name, (byte)':', .. Bytes(" value\r\n\r\n"), .. new byte[16]];
        HeaderTable table = new(capacity: 1);
        Assert.Equal(ParseStatus.Done, FieldBlockParser.Parse(head, 0, 1000, table).Status);
        Assert.Equal(expected, table[0].Known);
    }

    private static void AssertScans(ReadOnlySpan<byte> bytes, int start)
    {
        AssertStops(bytes, start);
        AssertSame(bytes, start, ByteScan.TextEnd(bytes, start), AsciiBytes.IsTextByte);
        AssertSame(bytes, start, ByteScan.TokenEnd(bytes, start), AsciiBytes.IsTokenByte);
        AssertSame(bytes, start, ByteScan.TargetEnd(bytes, start), ByteScan.IsTargetByte);
        AssertSame(bytes, start, ByteScan.PlainHostEnd(bytes, start), IsPlainHostByte);
        AssertTarget(bytes, start);
        AssertShortName(bytes, start);
    }

    /// <summary>Walks over all stops, and by the way over all blocks.</summary>
    private static void AssertStops(ReadOnlySpan<byte> bytes, int start)
    {
        LineCursor cursor = LineScan.At(bytes, start);
        for (int index = start; index < bytes.Length; index++)
        {
            if (bytes[index] is >= 0x20 and not 0x7F)
                continue;

            if (cursor.Stops == 0)
                cursor = LineScan.NextBlock(bytes, cursor);

            if (cursor.Stops == 0 || cursor.FirstStop != index)
                Assert.Fail($"stop at {cursor.FirstStop} instead of {index} in {Show(bytes)} from {start}");

            cursor = cursor.PastFirstStop;
        }

        Assert.Equal(0UL, cursor.Stops);
        Assert.Equal(0UL, LineScan.NextBlock(bytes, cursor).Stops);
    }

    private static void AssertTarget(ReadOnlySpan<byte> bytes, int start)
    {
        if (bytes.Length < Vector128<byte>.Count)
            return;

        int end = start;
        bool isTarget = true;
        while (end < bytes.Length && isTarget)
        {
            isTarget = ByteScan.IsTargetByte(bytes[end++]);
            if (ByteScan.IsTarget(bytes, start, end) != isTarget)
                Assert.Fail($"{start} to {end} of {Show(bytes)} taken for {(isTarget ? "no target" : "a target")}");
        }
    }

    private static void AssertShortName(ReadOnlySpan<byte> bytes, int start)
    {
        int end = start;
        while (end < bytes.Length && (char.IsAsciiLetterOrDigit((char)bytes[end]) || bytes[end] == '-'))
            end++;

        int expected = end - start;
        bool isShortName = expected is >= KnownHeaders.ShortNameBytesMin and <= KnownHeaders.ShortNameBytesMax && start + 16 <= bytes.Length
            && bytes[end] == ':';
        bool isFound = ByteScan.TryReadShortName(bytes, start, out int length, out _);
        if (isFound != isShortName || (isFound && length != expected))
            Assert.Fail($"name of {length} instead of {expected} bytes in {Show(bytes)} from {start}");
    }

    private static void AssertSame(ReadOnlySpan<byte> bytes, int start, int found, Func<byte, bool> isAllowed)
    {
        int expected = start;
        while (expected < bytes.Length && isAllowed(bytes[expected]))
            expected++;

        if (found != expected)
            Assert.Fail($"stopped at {found} instead of {expected} in {Show(bytes)} from {start}");
    }

    /// <summary>Runs long enough to cross blocks, and every byte there is.</summary>
    private static void FillMostlyPlain(Span<byte> bytes, Random random)
    {
        int rareOneIn = random.Next(3) switch { 0 => 4, 1 => 40, _ => 400 };
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = random.Next(rareOneIn) != 0 ? (byte)"abcxyzABCXYZ0189-"[random.Next(17)]
                : random.Next(3) == 0 ? (byte)":\r\n\t ."[random.Next(6)]
                : (byte)random.Next(256);
        }
    }

    private static bool IsPlainHostByte(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'.';

    private Random Seeded()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
