using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// A client that closes or resets at each byte position of a request with a body: no server hears of a request whose head is incomplete,
/// none gets a whole request unless the client sent one, and each server that got a part is reset.
/// </summary>
public sealed class CutRequestTests
{
    private const string Content = "hello, world; 0\r\n\r\n and on";

    private static readonly Dictionary<string, string> Requests = new()
    {
        ["length"] = $"POST /here HTTP/1.1\r\nHost: h\r\nContent-Length: {Content.Length}\r\n\r\n{Content}",
        ["chunked"] = $"POST /here HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
            + $"chunked\r\n\r\n7\r\n{Content[..7]}\r\n{Content.Length - 7:x}\r\n{Content[7..]}\r\n0\r\nX-Trailer: 1\r\n\r\n",
        ["none"] = "GET /here HTTP/1.1\r\nHost: h\r\n\r\n",
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientThatEndsAtEachPosition_OnceItsServerKnowsOfIt_TheServerIsReset(bool withReset)
    {
        await using var origin = new MuteOrigin(keepsText: true);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        int wholeHeads = 0;
        foreach ((string framing, string request) in Requests)
        {
            for (int position = 0; position <= request.Length; position++)
            {
                string target = $"/{framing}-{position}";
                await using RawClient client = await proxy.Connect();
                await client.Send(request[..position].Replace("/here", target, StringComparison.Ordinal));
                if (position >= HeadEnd(request))
                {
                    wholeHeads++;
                    await Deadline.Until(() => origin.Seen.Any(seen => seen.Text.Contains($" {target} ", StringComparison.Ordinal)),
                        () => target + " at the server");
                }
                if (withReset)
                    client.Reset();
            }
        }
        await baseline.ExpectReturn();
        await origin.WaitUntilAllEnded();
        Assert.Equal(wholeHeads, origin.ConnectionCount);
        Assert.All(origin.Seen, seen => Assert.Equal(StreamEnd.Reset, seen.End));
        Assert.Equal(Requests.Keys, origin.Seen.Where(seen => IsWhole(seen.Text)).Select(seen => seen.Text.Split('/', '-')[1]));
    }

    [Fact]
    public async Task ClientsThatEndAtOnceAtEachPosition_LeaveNothing_AndNoServerIsDeceived()
    {
        await using var origin = new MuteOrigin(keepsText: true);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        foreach ((string framing, string request) in Requests)
        {
            await Load.AtOnce(request.Length * 4, async i =>
            {
                // Never the whole request.
                await using RawClient client = await proxy.Connect();
                await client.Send(request[..(i / 4)].Replace("/here", "/" + framing + "-", StringComparison.Ordinal));
                if (i % 2 == 0)
                    client.Reset();
            });
        }
        await baseline.ExpectReturn();
        await origin.WaitUntilAllEnded();
        Assert.DoesNotContain(origin.Seen, seen => IsWhole(seen.Text));
        Assert.All(origin.Seen.Where(seen => seen.Bytes.Length > 0), seen => Assert.Equal(StreamEnd.Reset, seen.End));
    }

    private static int HeadEnd(string text) => text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;

    /// <summary>Whether a server would take this for a whole request.</summary>
    private static bool IsWhole(string text)
    {
        int headEnd = HeadEnd(text);
        if (headEnd < 4)
            return false;
        string body = text[headEnd..];
        return text.Split('/', '-')[1] switch
        {
            "length" => body.Length >= Content.Length,
            "chunked" => body.Contains(Content[^3..] + "\r\n0\r\n", StringComparison.Ordinal) && body.EndsWith("\r\n\r\n", StringComparison.Ordinal),
            _ => true,
        };
    }
}
