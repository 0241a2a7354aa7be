using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>An <see cref="UpstreamServer"/> on a running loop whose server is a listening socket of the test.</summary>
internal sealed class ServerUnderTest : IDisposable
{
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly Socket _listener;

    /// <param name="settings">Lines behind the name of the <c>[[upstream]]</c>.</param>
    /// <param name="listener">What the server's address points to; a listening socket when null.</param>
    public ServerUnderTest(string settings = "", Socket? listener = null)
    {
        _listener = listener ?? Peers.Listen();
        UpstreamSettings upstream = SettingsOf(settings);
        Server = new UpstreamServer(Test.Loop, _counters, upstream.Servers[0].Name, (IPEndPoint)_listener.LocalEndPoint!);
        Server.Apply(upstream, upstream.Servers[0], upstream.Servers[0].MaxConnections);
    }

    public LoopUnderTest Test { get; } = new();

    public UpstreamServer Server { get; }

    public static UpstreamSettings SettingsOf(string lines) =>
        SettingsTrial.Parse(SettingsTrial.WithUpstream(lines)).Settings.Upstreams[0];

    public long Counter(CounterId id) => _counters.Read(id);

    public Task<int> IdleCount() => Test.Run(() => Server.Idle.Count);

    public Task<int> LentCount() => Test.Run(() => Server.LentCount);

    /// <summary>The connection comes back from who had it.</summary>
    public Task Release(UpstreamConnection connection, ServerCloseReason reason = ServerCloseReason.None, bool reset = false) =>
        Test.Run(() => Server.Release(connection, reason, reset));

    /// <summary>A connection out of the pool; null when there is none.</summary>
    public Task<UpstreamConnection?> TakeIdle(RecordingUser? user = null) => Test.Run(() => Server.TakeIdle(user ?? new RecordingUser()));

    /// <summary>A fresh connection, established, and the server's end of it.</summary>
    public async Task<(UpstreamConnection Connection, RecordingUser User, Socket Peer)> Connect(ConnectionIdentity? identity = null)
    {
        var user = new RecordingUser();
        UpstreamConnection connection = await Test.Run(() => Server.TryConnect(user, identity)!);
        Socket peer = Test.ClosedAtTheEnd(Peers.Accept(_listener));
        await user.UntilSeen("connected");
        return (connection, user, peer);
    }

    /// <summary>A connection in the pool, and the server's end of it.</summary>
    public async Task<(UpstreamConnection Connection, Socket Peer)> ConnectIdle(ConnectionIdentity? identity = null)
    {
        (UpstreamConnection connection, _, Socket peer) = await Connect(identity);
        await Release(connection);
        return (connection, peer);
    }

    /// <summary>Nothing is lent, nothing idles, every connection and buffer is gone.</summary>
    public async Task AssertEmpty()
    {
        await Test.Run(() => Server.Connections.Purge(ServerCloseReason.Purged));
        Assert.Equal((0, 0), (await LentCount(), await IdleCount()));
        await Test.AssertEmpty();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Test.Dispose();
    }
}
