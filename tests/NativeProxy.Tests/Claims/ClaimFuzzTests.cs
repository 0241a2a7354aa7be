using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using NativeProxy.Claims;
using NativeProxy.Foundation;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Claims;

/// <summary>
/// What strangers may put into lists of clients: the readers against simple ones that look at strings, and what stands in front of an element never
/// changes how it is read. Seeds are fixed.
/// </summary>
public class ClaimFuzzTests
{
    private const int Rounds = 4000;

    private static readonly string[] Pieces =
    [
        "203.0.113.4", "10.0.0.1", "[2001:db8::1]", "2001:db8::1", ":80", ":", ",", ", ", " ", "\t", "for=", "For=", "\"", "\\", "\\\"", ";",
        "proto=https", "unknown", "_x", "=", "0", "255", "256", ".", "[", "]", "%", "\xff", "host=\"a,b\"", "",
    ];

    [Fact]
    public void Nodes_AreWhatASimpleReaderTakes()
    {
        var random = new Random(20261128);
        for (int round = 0; round < Rounds; round++)
        {
            string text = Text(random, 6);
            bool isNode = NodeText.TryRead(Wire.Bytes(text), out PeerAddress node);
            Assert.True(isNode == (Simple(text) is not null), $"{text}: {node}");
            if (isNode)
                Assert.Equal(Simple(text), node.ToString());
        }
    }

    /// <summary>Elements from the right are those from the left, but in the other order, where the whole list is well formed.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WellFormedLists_HaveTheSameElementsFromBothSides(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < Rounds; round++)
        {
            string list = string.Join(",", Enumerable.Range(0, random.Next(1, 6)).Select(_ => Element(random)));
            MatchCollection matches = Regex.Matches(list, "(?:[^,\"]|\"(?:[^\"\\\\]|\\\\.)*\")+|(?<=^|,)(?=,|$)");
            string[] expected = [.. matches.Select(static match => match.Value.Trim(' ', '\t'))];
            List<string> seen = [.. Walk(list, hasQuotes: true).Elements];
            seen.Reverse();
            Assert.Equal(expected, seen);
        }
    }

    /// <summary>A trusted proxy writes behind what came: nothing in front, whatever it is, hides or changes that.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void WhatStandsInFront_ChangesNoElementBehindIt(int seed)
    {
        var random = new Random(seed);
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\"]\nclient_header = \"forwarded\"");
        var list = new ClaimTrial("trusted = [\"127.0.0.9\"]");
        for (int round = 0; round < Rounds / 4; round++)
        {
            string front = Text(random, 12).Trim(' ', '\t');
            Assert.Equal("198.51.100.7:0", trial.ClientOf("127.0.0.9", $"Forwarded: {front}, for=198.51.100.7;host=\"x\\\"y\""));
            Assert.Equal("198.51.100.7:0", list.ClientOf("127.0.0.9", $"X-Forwarded-For: {front}, 198.51.100.7"));
            Assert.Equal("198.51.100.7:0", trial.ClientOf("127.0.0.9", $"Forwarded: {front}", "Forwarded: for=198.51.100.7"));
        }
    }

    /// <summary>Whatever comes, the walk ends, reads no byte outside, and finds the peer, an address of the list, or nothing else.</summary>
    [Theory]
    [InlineData("203.0.113.4:5555, [2001:db8::1]:443, ::ffff:10.0.0.1, unknown, _x")]
    [InlineData("for=\"[2001:db8::1]:4711\";proto=https, for=_x;by=\"a\\\"b\", for=10.0.0.1")]
    public void EveryBeginningAndEnd_OfAList_IsRead(string value)
    {
        if (!GuardedPage.IsSupported)
            return;
        using var page = new GuardedPage();
        for (int cut = 0; cut <= value.Length; cut++)
        {
            foreach (string part in (string[])[value[..cut], value[cut..]])
            {
                foreach (bool hasQuotes in (bool[])[true, false])
                {
                    Assert.InRange(CountOf(page.AtEnd(Wire.Bytes(part)), hasQuotes), 0, part.Length + 1);
                    Assert.InRange(CountOf(page.AtStart(Wire.Bytes(part)), hasQuotes), 0, part.Length + 1);
                }
            }
        }
    }

    private static int CountOf(ReadOnlySpan<byte> list, bool hasQuotes)
    {
        int count = 0;
        var walk = new ListFromRight(list, hasQuotes);
        while (walk.MoveNext())
        {
            NodeText.TryRead(walk.Current, out _);
            NodeText.TryRead(ForwardedElement.Read(walk.Current).For, out _);
            count++;
        }
        return count;
    }

    private static (List<string> Elements, bool IsMalformed) Walk(string list, bool hasQuotes)
    {
        byte[] bytes = Wire.Bytes(list);
        List<string> elements = [];
        var walk = new ListFromRight(bytes, hasQuotes);
        while (walk.MoveNext())
            elements.Add(Wire.Text(walk.Current));
        return (elements, walk.IsMalformed);
    }

    private static string Element(Random random) => string.Join(";", Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(5) switch
    {
        0 => "for=203.0.113.4",
        1 => "for=\"[2001:db8::1]:80\"",
        2 => "x=\"a,b;c=\\\"d\\\\\"",
        3 => " by = 10.0.0.1 ",
        _ => "proto=https",
    }));

    private static string Text(Random random, int piecesMax) =>
        string.Concat(Enumerable.Range(0, random.Next(piecesMax)).Select(_ => Pieces[random.Next(Pieces.Length)]));

    /// <summary>Null for what is no node.</summary>
    private static string? Simple(string text)
    {
        Match match = Regex.Match(
            text, @"^(?:\[(?<v6>[0-9A-Fa-f:.]+)\](?::(?<port>[^:]*))?|(?<v4>[0-9.]+)(?::(?<port>[^:]*))?|(?<v6>[0-9A-Fa-f:.]+))\z");
        string port = match.Groups["port"].Value;
        bool isPort = !match.Groups["port"].Success || Regex.IsMatch(port, "^(0|[1-9][0-9]{0,4}|_[A-Za-z0-9!#$%&'*+.^_`|~-]+)\\z");
        int number = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int read) ? read : 0;
        if (!match.Success || !isPort || number > 65535)
            return null;
        string host = match.Groups["v4"].Success ? match.Groups["v4"].Value : match.Groups["v6"].Value;
        bool isV4 = match.Groups["v4"].Success && Regex.IsMatch(host, @"^((0|[1-9][0-9]{0,2})\.){3}(0|[1-9][0-9]{0,2})$");
        bool isV6 = match.Groups["v6"].Success && host.Contains(':', StringComparison.Ordinal);
        if ((!isV4 && !isV6) || !IPAddress.TryParse(host, out IPAddress? address))
            return null;
        return PeerAddress.Of(address, number).ToString();
    }
}
