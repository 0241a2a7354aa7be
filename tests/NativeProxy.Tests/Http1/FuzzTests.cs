using System;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using Xunit.Abstractions;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// Mutated messages against an independent reading of the grammar (regular expressions), before a guard page.
/// Short by default; NATIVEPROXY_FUZZ_ROUNDS makes it long, NATIVEPROXY_FUZZ_SEED repeats a run.
/// </summary>
public class FuzzTests(ITestOutputHelper output)
{
    private const string TokenBytes = @"[!#$%&'*+\-.^_`|~0-9A-Za-z]+";
    private const string FieldLines = @"(?:" + TokenBytes + @":[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n";
    private static readonly Regex RequestGrammar = new(
        @"\A(?:\r\n){0,4}" + TokenBytes + @" [\x21\x22\x24-\x7e]+ HTTP/1\.[0-9]\r\n" + FieldLines,
        RegexOptions.CultureInvariant);

    private static readonly Regex ResponseGrammar = new(
        @"\AHTTP/1\.[0-9] [1-9][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?\r\n" + FieldLines, RegexOptions.CultureInvariant);

    private static readonly string[] Requests =
    [
        "GET /a/b?c=d HTTP/1.1\r\nHost: example.test:80\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n",
        "\r\nPOST http://[::1]:80/x?y HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nContent-Length: 12\r\n\r\nhello world!",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nX-A:\t \r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost:\r\nA: b\r\nA: c\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];

    private static readonly string[] Responses =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello",
        "HTTP/1.0 301\r\nLocation: http://a/\r\n\r\n",
        "HTTP/1.1 599 caf\u00e9 \r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\n\r\n0\r\n\r\n",
    ];

    private static readonly string[] Bodies =
    [
        "5\r\nhello\r\n6 ; a = \"b\\\"c\"\r\n world\r\n0;x\r\n\r\n",
        "1;a=b;c\r\nx\r\n0000000000000003;d=\"\"\r\nabc\r\n00\r\nX: y\r\n\r\n",
    ];

    /// <summary>Bytes that mean something to a parser; mutations draw from them half of the time.</summary>
    private static readonly byte[] Spices = Bytes("\r\n\t \0:;,=\"\\/?#*@[]%019afAF-_\x7f\x80\xff");

    [Fact]
    public void Requests_AreJudgedAsTheGrammarSays() => Run("requests", (random, round) =>
    {
        byte[] input = Mutate(Requests[round % Requests.Length], random);
        RequestHead head = new(fieldCountMax: 100);
        ParseOutcome outcome = RequestHeadParser.Parse(input, Limits, head);
        Match grammar = RequestGrammar.Match(Text(input));
        bool isBeyondSyntax = outcome.Reason is RejectReason.BadTarget or RejectReason.BadHost or RejectReason.MissingHost
            or RejectReason.DuplicateHost;

        if (outcome.Status == ParseStatus.Done)
        {
            Check(grammar.Success && grammar.Length == outcome.ConsumedBytes, input, outcome);
            CheckRanges(input, outcome, head.Fields, head.Method, head.Target, head.Authority, head.PathAndQuery, head.Host);
            CheckRebuilt(input, head);
            MessageFraming.OfRequest(input, head);
            ConnectionHeader.Apply(input, head.Fields);
        }
        else
        {
            Check(!grammar.Success || isBeyondSyntax, input, outcome);
        }

        CheckPrefix(input, outcome, random, bytes => RequestHeadParser.Parse(bytes, Limits, head));
    });

    [Fact]
    public void Responses_AreJudgedAsTheGrammarSays() => Run("responses", (random, round) =>
    {
        byte[] input = Mutate(Responses[round % Responses.Length], random);
        ResponseHead head = new(fieldCountMax: 100);
        ParseOutcome outcome = ResponseHeadParser.Parse(input, Limits, head);
        Match grammar = ResponseGrammar.Match(Text(input));
        Check(grammar.Success == (outcome.Status == ParseStatus.Done), input, outcome);
        if (grammar.Success)
        {
            Check(grammar.Length == outcome.ConsumedBytes, input, outcome);
            CheckRanges(input, outcome, head.Fields, head.Reason);
            MessageFraming.OfResponse(input, head, HttpMethod.Get, upgradeForwarded: false);
        }

        CheckPrefix(input, outcome, random, bytes => ResponseHeadParser.Parse(bytes, Limits, head));
    });

    [Fact]
    [Trait("promise", "S1.19")]
    public void ChunkedBodies_AreDecodedAsTheGrammarSays_HoweverTheyAreSplit() => Run("chunked", (random, round) =>
    {
        byte[] input = Mutate(Bodies[round % Bodies.Length], random);
        int[] cuts = Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(input.Length + 1)).Order().ToArray();
        ChunkedBody whole = ChunkedBody.Decode(input);
        ChunkedBody split = ChunkedBody.Decode(input, cuts);
        ChunkedBody naive = ChunkedBody.DecodeNaively(input);
        bool isComplete = whole.End == ChunkStep.TrailerStart;

        Check(whole.End == split.End && whole.Reason == split.Reason && whole.Text == split.Text, input, $"split {whole.End}");
        Check(isComplete == (naive.End == ChunkStep.TrailerStart), input, $"naive {naive.End}, decoder {whole.Reason}");
        Check(whole.Text == naive.Text, input, "data");
        Check(!isComplete || whole.ConsumedBytes == naive.ConsumedBytes, input, "length");
    });

    private static byte[] Mutate(string text, Random random)
    {
        byte[] bytes = Bytes(text);
        for (int changes = random.Next(4); changes > 0; changes--)
        {
            int place = random.Next(bytes.Length);
            byte value = random.Next(2) == 0 ? Spices[random.Next(Spices.Length)] : (byte)random.Next(256);
            int length = random.Next(1, Math.Min(8, bytes.Length - place + 1));
            bytes = random.Next(5) switch
            {
                0 => [.. bytes[..place], value, .. bytes[place..]],
                1 => [.. bytes[..place], .. bytes[(place + 1)..]],
                2 => [.. bytes[..(place + length)], .. bytes[place..]],
                3 => [.. bytes[..place], .. "\r\n"u8, .. bytes[place..]],
                _ => [.. bytes[..place], value, .. bytes[(place + 1)..]],
            };
            if (bytes.Length == 0)
                return Bytes(text);
        }

        return bytes;
    }

    private static void CheckRanges(byte[] input, ParseOutcome outcome, HeaderTable fields, params ByteRange[] ranges)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ranges = [.. ranges, fields[i].Name, fields[i].Value];
            Check(!Text(fields[i].Value.Of(input)).AsSpan().StartsWith(" "), input, "value is not trimmed");
        }

        foreach (ByteRange range in ranges)
            Check(range.Start >= 0 && range.Length >= 0 && range.End <= outcome.ConsumedBytes, input, $"range {range}");
    }

    /// <summary>The parts of a head, put together again, are read as the same head.</summary>
    private static void CheckRebuilt(byte[] input, RequestHead head)
    {
        string rebuilt = $"{Text(head.Method.Of(input))} {Text(head.Target.Of(input))} HTTP/1.{head.MinorVersion}\r\n";
        for (int i = 0; i < head.Fields.Count; i++)
            rebuilt += $"{Text(head.Fields[i].Name.Of(input))}: {Text(head.Fields[i].Value.Of(input))}\r\n";

        rebuilt += "\r\n";
        byte[] bytes = Bytes(rebuilt);
        RequestHead again = new(fieldCountMax: 100);
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, Limits, again);
        Check(outcome.Status == ParseStatus.Done && outcome.ConsumedBytes == bytes.Length, input, outcome);
        Check(again.Form == head.Form && again.MethodKind == head.MethodKind && again.Fields.Count == head.Fields.Count, input, "form");
        for (int i = 0; i < head.Fields.Count; i++)
        {
            Check(again.Fields[i].Known == head.Fields[i].Known, input, "field");
            Check(again.Fields[i].Value.Of(bytes).SequenceEqual(head.Fields[i].Value.Of(input)), input, "value");
        }
    }

    /// <summary>Done at n means NeedMore before n; once rejected, every longer input is rejected.</summary>
    private static void CheckPrefix(byte[] input, ParseOutcome outcome, Random random, Func<byte[], ParseOutcome> parse)
    {
        int length = random.Next(input.Length + 1);
        ParseOutcome prefix = parse(input[..length]);
        bool isConsistent = outcome.Status switch
        {
            ParseStatus.Done => prefix.Status == (length < outcome.ConsumedBytes ? ParseStatus.NeedMore : ParseStatus.Done),
            ParseStatus.NeedMore => prefix.Status == ParseStatus.NeedMore,
            _ => prefix.Status != ParseStatus.Done,
        };
        Check(isConsistent, input, $"{outcome}, but {prefix} for the first {length} bytes");
    }

    private static void Check(bool isFine, byte[] input, object what)
    {
        if (!isFine)
            Assert.Fail($"{what}: {Show(input)}");
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    private void Run(string what, Action<Random, int> round)
    {
        int seed = Setting("NATIVEPROXY_FUZZ_SEED", Random.Shared.Next());
        int rounds = Setting("NATIVEPROXY_FUZZ_ROUNDS", 3000);
        output.WriteLine($"{what}: seed {seed}, {rounds} rounds");
        Random random = new(seed);
        for (int i = 0; i < rounds; i++)
        {
            try
            {
                round(random, i);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"{what}: NATIVEPROXY_FUZZ_SEED={seed}, round {i}", failure);
            }
        }
    }
}
