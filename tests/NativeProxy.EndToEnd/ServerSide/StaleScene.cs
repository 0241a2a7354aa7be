using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A proxy with one idle connection in its pool, and the client that has used it.</summary>
internal sealed class StaleScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client, OriginConnection idle) : ClientScene(origin, proxy,
    client)
{
    private LostSegments? _lost;

    public OriginConnection Idle => idle;

    public static Task<StaleScene> WithOneIdleConnection(params string[] upstreamLines) =>
        WithOneIdleConnection(config => config.Upstream(upstreamLines));

    public static async Task<StaleScene> WithOneIdleConnection(Func<ProxyConfig, ProxyConfig> configure)
    {
        ScriptedOrigin origin = ScriptedOrigin.Driven();
        ProxyUnderTest proxy = await ProxyUnderTest.Start(configure(ProxyConfig.For(origin)));
        RawClient client = await proxy.Connect();
        await client.SendGet("/first");
        OriginConnection idle = await origin.Accept();
        await idle.Answer();
        await client.ReadResponse();
        return new StaleScene(origin, proxy, client, idle);
    }

    /// <summary>
    /// The end of the idle connection and the request cross: when the server shuts its side, no byte of the request has reached its machine; when
    /// the proxy sends the request, nothing has come from there.
    /// </summary>
    public async Task LetCross(string request)
    {
        int idlePort = ((IPEndPoint)idle.Socket.RemoteEndPoint!).Port;
        _lost = LostSegments.At(idle.Socket);
        await Client.Send(request);
        await Deadline.Until(() => StateOf(idlePort, Origin.Port).UnacknowledgedBytes >= request.Length, () => "the request to be sent");
        idle.Socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Lets the proxy find the request and, behind it, the end of the idle connection: it looks at the request first.</summary>
    public async Task LayBefore(string request, bool withReset)
    {
        int idlePort = ((IPEndPoint)idle.Socket.RemoteEndPoint!).Port;
        await Proxy.Freeze();
        long bytes = await Client.SendCounted(request);
        await Deadline.Until(() => StateOf(Proxy.Port(), Client.LocalPort).UnreadBytes == bytes, () => "the request to arrive");
        if (withReset)
            idle.Reset();
        else
            idle.Close();

        // A reset socket is in no table any more.
        string? state = withReset ? null : SocketTable.CloseWait;
        await Deadline.Until(() => StateOf(idlePort, Origin.Port).State == state, () => "the end of the idle connection to arrive");
        Proxy.Thaw();
    }

    /// <summary>The proxy's end of a connection, as its kernel knows it; default when it does not.</summary>
    private static SocketRow StateOf(int localPort, int remotePort) =>
        SocketTable.Rows().FirstOrDefault(row => row.LocalPort == localPort && row.RemotePort == remotePort);

    public override ValueTask DisposeAsync()
    {
        _lost?.Dispose();
        return base.DisposeAsync();
    }
}
