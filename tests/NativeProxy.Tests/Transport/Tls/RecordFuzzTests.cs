using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;
using static NativeProxy.Tests.Transport.Tls.AlertNumber;
using static NativeProxy.Tests.Transport.Tls.RawClient;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>
/// Drawn records, most of them changed, in drawn segments, to a connection whose records the product opens and to one whose records OpenSSL opens:
/// both hear the same, and either both go on or none does. Short by default; NATIVEPROXY_FUZZ_ROUNDS makes it long, NATIVEPROXY_FUZZ_SEED repeats a
/// run.
/// </summary>
public sealed class RecordFuzzTests(ITestOutputHelper output)
{

    [Fact]
    public async Task DrawnRecords_HaveTheSameFate_WhoeverOpensThem()
    {
        int seed = Setting("NATIVEPROXY_FUZZ_SEED", Random.Shared.Next());
        int rounds = Setting("NATIVEPROXY_FUZZ_ROUNDS", 300);
        output.WriteLine($"seed {seed}, {rounds} rounds");
        var random = new Random(seed);
        var ends = new SortedDictionary<string, int>();
        for (int round = 0; round < rounds; round++)
        {
            int plan = random.Next();
            RecordFate own = await Play(true, plan);
            RecordFate library = await Play(false, plan);
            bool isSame = (own.Heard, ClassOf(own)) == (library.Heard, ClassOf(library)) && IsSameAlert(own, library);
            Assert.True(isSame, $"seed {seed}, round {round}, plan {plan}: {own}, and OpenSSL {library}");
            string end = $"{own.End} {own.Alert}";
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }
        output.WriteLine(string.Join(", ", ends));
        Assert.True(rounds < 100 || ends.Count >= 4);
    }

    /// <summary>
    /// The same draws give the same records, but for the keys. Whether an alert comes with the bad byte or with the next record may differ: the cases
    /// of <see cref="RecordMessageTests"/> and its neighbours tell where.
    /// </summary>
    private static string ClassOf(RecordFate fate) => fate.End switch
    {
        RecordEnd.GoesOn => "goes on",
        RecordEnd.Announced => "announced",
        RecordEnd.Broken when fate.Alert < 0 => "given up",
        _ => "broken",
    };

    /// <summary>
    /// OpenSSL looks at the version first; it calls a wrong length of an alert unexpected, and one of new keys illegal. It waits for the head of a
    /// message whose first byte says enough, and may find something else wrong meanwhile. Either may wait for bytes that the other does not need.
    /// </summary>
    private static bool IsSameAlert(RecordFate own, RecordFate library) =>
        own.Alert == library.Alert
        || library.Alert is DecodeError or ProtocolVersion
        || (own.Alert == UnexpectedMessage && library.Alert is BadRecordMac or RecordOverflow)
        || (own.Alert == DecodeError && library.Alert is UnexpectedMessage or IllegalParameter)
        || (own.End == RecordEnd.Broken && library.End == RecordEnd.Stuck);

    private static Task<RecordFate> Play(bool opensRecords, int plan)
    {
        var random = new Random(plan);
        string suite = random.Next(4) switch { 0 => Aes256, 1 => Chacha, _ => Aes128 };
        bool isEarly = random.Next(3) == 0;
        return RecordFate.Of(opensRecords, client => RecordPlan.Say(client, random), wire => RecordPlan.Cut(wire, random), suite, isEarly: isEarly);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}

/// <summary>Draws what a client says. How much it draws depends on nothing but the draws.</summary>
internal static class RecordPlan
{
    private const int RecordsMax = 12;
    private const int ContentBytesMax = 1 << 14;

    /// <summary>Some records, perhaps changed.</summary>
    public static void Say(RawClient client, Random random)
    {
        var records = new List<byte[]>();
        for (int count = 1 + random.Next(RecordsMax); count > 0; count--)
            Add(records, client, random);
        for (int changes = random.Next(3); changes > 0; changes--)
            Change(records, random);
        foreach (byte[] record in records)
            client.Ship(record);
    }

    /// <summary>Segments: one, a few, or many small ones at the beginning.</summary>
    public static IEnumerable<byte[]> Cut(byte[] wire, Random random)
    {
        var segments = new List<byte[]>();
        int at = 0;
        int largest = random.Next(4) switch { 0 => wire.Length, 1 => 8, 2 => 300, _ => 5000 };
        while (at < wire.Length && segments.Count < 60)
        {
            int length = Math.Min(wire.Length - at, 1 + random.Next(Math.Max(1, largest)));
            segments.Add(wire[at..(at + length)]);
            at += length;
        }
        segments.Add(wire[at..]);
        return segments;
    }

    private static void Add(List<byte[]> records, RawClient client, Random random)
    {
        switch (random.Next(16))
        {
            case < 8:
                byte[] content = new byte[random.Next(8) == 0 ? random.Next(ContentBytesMax + 1) : random.Next(200)];
                random.NextBytes(content);
                int padding = random.Next(2) == 0 ? 0 : random.Next(Math.Min(500, ContentBytesMax + 1 - content.Length));
                records.Add(client.Key.Seal(ContentType, content, padding));
                break;
            case < 11:
                records.Add(client.Key.Seal(HandshakeType, [KeyUpdateMessage, 0, 0, 1, (byte)random.Next(2)], random.Next(3)));
                client.Key.Update();
                break;
            case 11:
                byte[] message = [KeyUpdateMessage, 0, 0, 1, (byte)random.Next(2)];
                int at = 1 + random.Next(4);
                records.Add(client.Key.Seal(HandshakeType, message.AsSpan(0, at)));
                records.Add(client.Key.Seal(HandshakeType, message.AsSpan(at)));
                client.Key.Update();
                break;
            case 12 when random.Next(2) == 0:
                records.Add(client.Key.Seal(AlertType, random.Next(3) == 0 ? [1, 0] : [(byte)random.Next(1, 3), 90]));
                break;
            case 13 when random.Next(3) == 0:
                byte[] noise = new byte[random.Next(12)];
                random.NextBytes(noise);
                records.Add(client.Key.Seal((byte)random.Next(18, 26), noise));
                break;
            case 14 when random.Next(3) == 0:
                records.Add(client.Key.Seal(HandshakeType, [(byte)random.Next(26), 0, 0, (byte)random.Next(3), (byte)random.Next(4)]));
                break;
            default:
                records.Add(client.Key.Seal(ContentType, "a few words"u8));
                break;
        }
    }

    private static void Change(List<byte[]> records, Random random)
    {
        int index = random.Next(records.Count);
        byte[] record = [.. records[index]];
        int at = random.Next(3) == 0 ? random.Next(Math.Min(record.Length, 5)) : random.Next(record.Length);
        switch (random.Next(9))
        {
            case 0 or 1:
                record[at] ^= (byte)(1 << random.Next(8));
                records[index] = record;
                break;
            case 2:
                records[index] = record[..Math.Max(1, at)];
                break;
            case 3:
                records.Insert(index, record);
                break;
            case 4:
                (records[index], records[^1]) = (records[^1], records[index]);
                break;
            case 5:
                records.RemoveAt(index);
                records.Add(record);
                break;
            case 6:
                record[Math.Min(record.Length - 1, 3 + random.Next(2))] = (byte)random.Next(256);
                records[index] = record;
                break;
            case 7:
                byte[] noise = new byte[1 + random.Next(40)];
                random.NextBytes(noise);
                records.Insert(index, noise);
                break;
        }
    }
}
