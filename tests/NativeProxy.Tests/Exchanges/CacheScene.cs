using System.Linq;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Network;

namespace NativeProxy.Tests.Exchanges;

/// <summary>A <see cref="Scene"/> with a cache.</summary>
internal sealed class CacheScene : Scene
{
    public const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    public const string Fresh = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n";
    public const string Ok = Fresh + "Content-Length: 2\r\n\r\nok";

    /// <param name="listener">Lines of the listener's table and its sub-tables.</param>
    /// <param name="upstream">Lines of the upstream's table.</param>
    /// <param name="cache">Lines of the cache's table.</param>
    public CacheScene(string listener = "", string upstream = "", string cache = "")
        : base(listener, $"{upstream}\n[upstream.cache]\nbytes = \"1MiB\"\n{cache}")
    {
    }

    public int Count(CounterId id) => (int)Proxy.Counters.Read(id);

    /// <summary>One request of a client of its own, answered by the server. Returns what the client gets.</summary>
    public string Fill(string request = Get, string response = Ok, bool serverCloses = false) => Fill(this, request, response, serverCloses);

    /// <summary>The same on a scene that may have no cache.</summary>
    public static string Fill(Scene scene, string request, string response, bool serverCloses = false)
    {
        SimulatedSocket client = scene.Connect();
        scene.Write(client, request);
        SimulatedSocket server = scene.ServerSockets.Last(socket => scene.Read(socket).Length > 0);
        scene.Write(server, response);
        if (serverCloses)
            server.ShutdownSend();
        scene.Settle();
        string answer = scene.Read(client);
        client.Close(reset: false);
        scene.Settle();
        return answer;
    }

    /// <summary>What a client of its own gets at once: nothing when a server has to be asked.</summary>
    public string Ask(string request = Get) => Ask(this, request);

    /// <summary>The same on a scene that may have no cache.</summary>
    public static string Ask(Scene scene, string request)
    {
        SimulatedSocket client = scene.Connect();
        scene.Write(client, request);
        return scene.Read(client);
    }

    /// <summary>A client that leaves in the middle of a response of six bytes. Returns the server's side.</summary>
    public SimulatedSocket Vanish(string begin, string request = Get)
    {
        SimulatedSocket client = Connect();
        Write(client, request);
        SimulatedSocket server = ServerSockets[^1];
        Read(server);
        Write(server, Fresh + "Content-Length: 6\r\n\r\n" + begin);
        client.Close(reset: true);
        Settle(10);
        return server;
    }
}
