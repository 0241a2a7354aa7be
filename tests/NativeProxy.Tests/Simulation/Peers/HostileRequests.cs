using System;
using System.Text;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>The bytes of a request that must be refused.</summary>
internal readonly record struct HostileMessage(Hostility Hostility, string Target, string Head, int BodyBytes, byte[] Body);

/// <summary>Requests that two parsers could read in two ways, each with another request behind it that must never reach a server.</summary>
internal static class HostileRequests
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: " + Evidence.Host + "\r\n\r\n";

    /// <summary>Fields that make a head one to refuse; # stands for the request's target.</summary>
    private static readonly string[] Heads =
    [
        "POST # HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n0\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello",
        "POST # HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello",
        "POST # HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST # HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST # HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\x0b" + "chunked\r\n\r\n0\r\n\r\n",
        "POST # HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET # HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
        "GET # HTTP/1.1\nHost: h\n\n",
        "GET # HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
        "GET # HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
        "GET # HTTP/1.1\r\n\r\n",
        "GET # HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "GET # HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET  # HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET # HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET # HTTP/1.1 \r\nHost: h\r\n\r\n",
        "G(T # HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://u@h# HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET #\x7f HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n",
        "GET # HTTP/1.1\r\nHost: h\r\nConnection: host\r\n\r\n",
        "GET # HTTP/1.1\r\nHost: h\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\nhello",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET # HTTP/1.1\r\nHost: h\r\n\r\n",
    ];

    /// <summary>What stands behind a sound chunk instead of another one.</summary>
    private static readonly string[] Tails =
    [
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "g\r\n",
        "\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "00000000000000003\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nabc\r\n",
        "3;\r\nabc\r\n0\r\n\r\n",
        "3;a=\x01\r\nabc\r\n0\r\n\r\n",
        "0\r\nX : a\r\n\r\n",
        "0\r\nX: a\r\n b\r\n\r\n",
        "0\r\nX: a\nY: b\r\n\r\n",
        "0\n\r\n",
    ];

    public static HostileMessage Make(Dice dice, long id)
    {
        string target = "/" + id + "/hostile";
        if (dice.PerMille(600))
        {
            string head = dice.PerMille(100) ? Oversized(dice) : dice.Pick<string>(Heads);
            return new HostileMessage(Hostility.InHead, target, head.Replace("#", target, StringComparison.Ordinal), 0,
                Encoding.Latin1.GetBytes(Smuggled));
        }
        int bodyBytes = dice.Between(1, 2000);
        string begin = $"POST {target} HTTP/1.1\r\nHost: {Evidence.Host}\r\nX-Pad: \r\nTransfer-Encoding: chunked\r\n\r\n";
        byte[] body = [.. Encoding.Latin1.GetBytes(bodyBytes.ToString("x", null) + "\r\n"), .. BodyPattern.Make(id, bodyBytes),
            .. Encoding.Latin1.GetBytes("\r\n" + dice.Pick<string>(Tails) + Smuggled)];
        return new HostileMessage(Hostility.InBody, target, begin, bodyBytes, body);
    }

    /// <summary>Beyond the limits that every configuration of a run has.</summary>
    private static string Oversized(Dice dice) => dice.Below(3) switch
    {
        0 => "GET # HTTP/1.1\r\nHost: h\r\nX: " + new string('x', 40_000) + "\r\n\r\n",
        1 => "GET #" + new string('x', 20_000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
        _ => "GET # HTTP/1.1\r\nHost: h\r\n" + string.Concat(System.Linq.Enumerable.Repeat("X: y\r\n", 200)) + "\r\n",
    };
}
