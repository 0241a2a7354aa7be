using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// A proxy whose upstream has a stickiness cookie, in front of servers a, b, ... that answer with their letter. Nothing else is added to
/// requests, so that a test sees them byte for byte.
/// </summary>
internal sealed class StickyScene : IAsyncDisposable
{
    private static readonly string[] Silent =
        ["[listener.forwarded]", "x_forwarded_for = false", "x_forwarded_proto = false", "x_forwarded_host = false", "via = \"\""];

    private StickyScene(ScriptedOrigin[] origins, ProxyUnderTest proxy)
    {
        Origins = origins;
        Proxy = proxy;
    }

    public ScriptedOrigin[] Origins { get; }

    public ProxyUnderTest Proxy { get; }

    /// <summary>Two servers.</summary>
    /// <param name="cookie">Lines of [upstream.cookie].</param>
    public static Task<StickyScene> Start(params string[] cookie) => Start(2, _ => "", cookie);

    /// <param name="count">How many servers.</param>
    /// <param name="fields">Field lines of a server's response, each with its CRLF; gets the request.</param>
    /// <param name="cookie">Lines of [upstream.cookie].</param>
    public static async Task<StickyScene> Start(int count, Func<string, string> fields, params string[] cookie)
    {
        ScriptedOrigin[] origins = [.. Enumerable.Range(0, count).Select(i =>
            ScriptedOrigin.Answering(request => $"HTTP/1.1 200 OK\r\n{fields(request)}Content-Length: 1\r\n\r\n{(char)('a' + i)}"))];
        return new StickyScene(origins, await ProxyUnderTest.Start(Config(cookie, [.. origins.Select(origin => origin.Address)])));
    }

    /// <summary>A configuration with these lines of [upstream.cookie] that adds nothing to requests.</summary>
    public static ProxyConfig Config(string[] cookie, params string[] addresses) =>
        ProxyConfig.For(addresses).Upstream(["[upstream.cookie]", .. cookie]).Listener(Silent);

    /// <summary>What the servers were asked, byte for byte.</summary>
    public IEnumerable<string> RequestsOf(int server) => Origins[server].Requests.Select(request => request.Request);

    /// <summary>One GET on a connection of its own.</summary>
    /// <param name="cookies">Cookie field value, or null for none.</param>
    public async Task<HttpResponse> Ask(string? cookies = null)
    {
        await using RawClient client = await Proxy.Connect();
        return await client.Ask("/", cookies is null ? "" : $"Cookie: {cookies}\r\n");
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        foreach (ScriptedOrigin origin in Origins)
            await origin.DisposeAsync();
    }
}
