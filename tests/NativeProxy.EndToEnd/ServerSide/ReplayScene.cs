using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// A <see cref="StaleScene"/> whose idle connection breaks under a request with a body, and what is seen of the copy that the proxy keeps:
/// the request comes again on a fresh connection, or the client gets a 502.
/// </summary>
internal sealed class ReplayScene : IAsyncDisposable
{
    public const string StaleRetries = "nativeproxy_retries_total{cause=\"stale_reuse\"}";
    public const string Refusals = "nativeproxy_replay_refusals_total";

    /// <summary>More than the sockets between proxy and server hold, so that a replay has to wait for its reader.</summary>
    public const int HugeBytes = 14 * 1024 * 1024;

    private readonly StaleScene _stale;

    private ReplayScene(StaleScene stale) => _stale = stale;

    public ScriptedOrigin Origin => _stale.Origin;

    public ProxyUnderTest Proxy => _stale.Proxy;

    public RawClient Client => _stale.Client;

    public OriginConnection Idle => _stale.Idle;

    public static async Task<ReplayScene> Start(params string[] upstreamLines) => new(await StaleScene.WithOneIdleConnection(upstreamLines));

    public static async Task<ReplayScene> Start(Func<ProxyConfig, ProxyConfig> configure) => new(await StaleScene.WithOneIdleConnection(configure));

    /// <summary>The proxy may keep a copy of <see cref="HugeBytes"/>.</summary>
    public static Task<ReplayScene> StartWithRoom() =>
        Start(config => config.Runtime("replay_bytes = \"64MiB\"").Upstream("retry.body_bytes = \"16MiB\""));

    /// <summary>A body in which no piece resembles another.</summary>
    public static string Body(int bytes) => string.Create(bytes, 0, static (text, _) =>
    {
        uint value = 17;
        for (int i = 0; i < text.Length; i++)
        {
            value = value * 1_664_525 + 1_013_904_223;
            text[i] = (char)('0' + (value >> 24) % 75);
        }
    });

    public static string PutHead(int bodyBytes, string fields = "") =>
        $"PUT /again HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: {bodyBytes}\r\n\r\n";

    public static string Put(string body) => PutHead(body.Length) + body;

    /// <summary>The client sends this, and its request reaches the idle connection whole. Returns the request as it came there.</summary>
    public async Task<string> SendOnIdle(string request)
    {
        await Client.Send(request);
        return await Idle.ReadRequest();
    }

    /// <summary>The client sends a head and the beginning of a body, and both reach the idle connection. Returns the head as it came there.</summary>
    public async Task<string> BeginOnIdle(string head, string part)
    {
        await Client.Send(head + part);
        string received = await Idle.ReadHead();
        Assert.Equal(part, await Idle.Read(part.Length));
        return received;
    }

    /// <summary>
    /// The client sends a head and a huge body; both have reached the idle connection when it ends. Returns the head as it came there.
    /// </summary>
    public async Task<string> BreakUnderHuge(string head, string body)
    {
        Task sending = Client.Send(head + body);
        string received = await Idle.ReadHead();
        await Idle.Skip(body.Length);
        await sending;
        Idle.Close();
        return received;
    }

    public void BreakIdle(bool withReset)
    {
        if (withReset)
            Idle.Reset();
        else
            Idle.Close();
    }

    /// <inheritdoc cref="StaleScene.LayBefore"/>
    public Task LayBefore(string request, bool withReset) => _stale.LayBefore(request, withReset);

    /// <summary>The next request on a fresh connection is answered, and the client gets that answer. Returns the request.</summary>
    /// <param name="isChunked">The body comes in chunks, however it was cut before, and is given back without them.</param>
    public async Task<string> AnswerOnFreshConnection(bool isChunked = false)
    {
        OriginConnection fresh = await Origin.Accept();
        if (isChunked)
        {
            string head = await fresh.ReadHead();
            string body = Chunks.Join(await fresh.ReadThrough("\r\n0\r\n\r\n"));
            await Answer(fresh);
            return head + body;
        }
        string request = await fresh.Answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        Assert.Equal("good", (await Client.ReadResponse()).Body);
        Assert.Equal("", fresh.Untaken);
        return request;
    }

    /// <summary>The server answers what it has read, and the client gets that answer.</summary>
    public async Task Answer(OriginConnection server)
    {
        await server.Send(OriginConnection.Ok);
        await ExpectStatus(200);
    }

    public async Task ExpectStatus(int status) => Assert.Equal(status, (await Client.ReadResponse()).Status);

    public async Task ExpectHeld(int bytes) => Assert.Equal(bytes, await Proxy.Metric("nativeproxy_replay_held_bytes"));

    public async Task ExpectOneReplay()
    {
        Assert.Equal(1, await Proxy.Metric(StaleRetries));
        Assert.Equal(1, await Proxy.Metric("nativeproxy_replayed_bodies_total"));
        Assert.Equal(0, await Proxy.Metric(Refusals));
        await ExpectHeld(0);
        Assert.Equal(2, Origin.ConnectionCount);
    }

    /// <summary>The client is told that the server failed, and no server was asked again.</summary>
    public async Task ExpectNoReplay()
    {
        await ExpectStatus(502);
        Assert.Equal(1, Origin.ConnectionCount);
    }

    public ValueTask DisposeAsync() => _stale.DisposeAsync();
}
