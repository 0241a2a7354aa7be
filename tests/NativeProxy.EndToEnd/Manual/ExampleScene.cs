using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>An example as it runs: the proxy with that file, and its servers. Everything is named by the addresses in the file.</summary>
internal sealed class ExampleScene : IAsyncDisposable
{
    private const int Tries = 5;
    private readonly Dictionary<string, ExampleServer> _servers = [];
    private ProxyUnderTest? _proxy;

    private ExampleScene(string example, int[] morePorts) => Text = new ExampleText(example, morePorts, Directory);

    public ProxyUnderTest Proxy => _proxy ?? throw new XunitException("it has not started yet");

    public ExampleText Text { get; }

    /// <summary>Stands for /etc/nativeproxy.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("nativeproxy-example-").FullName;

    /// <param name="file">In src/manual/examples.</param>
    /// <param name="prepare">What has to be there before the proxy starts, beside the servers with ports that the file names.</param>
    /// <param name="without">Servers of the file that the test itself stands for.</param>
    /// <param name="morePorts">Ports that the file does not name.</param>
    public static async Task<ExampleScene> Start(
        string file, Action<ExampleScene>? prepare = null, string[]? without = null, int[]? morePorts = null)
    {
        for (int attempt = 1; attempt <= Tries; attempt++)
        {
            var scene = new ExampleScene(ExampleFiles.Read(file), morePorts ?? []);
            try
            {
                foreach (string server in scene.Text.Servers.Except(without ?? []))
                    scene.Serve(server);
                prepare?.Invoke(scene);
                scene._proxy = await ProxyUnderTest.TryStart(scene.Text.Toml, scene.Text.AdminPort);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another program took a port meanwhile: with other ones.
            }
            if (scene._proxy is not null)
                return scene;
            await scene.DisposeAsync();
        }
        throw new XunitException("no ports stayed free");
    }

    /// <summary>Puts a server at an address of the example.</summary>
    public ExampleServer Serve(string server) => _servers[server] = new ExampleServer(server, Text.EndPointOf(server));

    public ExampleServer Server(string server) => _servers[server];

    /// <param name="port">That a listener of the example has.</param>
    /// <param name="from">The client's address in the example; null = 127.0.0.1, a stranger.</param>
    public Task<RawClient> Connect(int port, string? from = null) =>
        RawClient.Connect(Text.PortOf(port), from: from is null ? null : ExampleText.AddressOf(from), showsDate: true);

    /// <summary>One GET on a connection of its own.</summary>
    public async Task<HttpResponse> Get(string target = "/", string host = "site.example", string fields = "", string? from = null, int port = 80)
    {
        await using RawClient client = await Connect(port, from);
        await client.Send($"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        return await client.ReadResponse();
    }

    /// <summary>Asks until this server answers.</summary>
    public Task Reaches(string server, string fields = "", int port = 80) => Deadline.Until(
        async () => (await Get("/", fields: fields, port: port)).Body == server, () => $"an answer of {server}:\n{Proxy.Errors.Text}");

    /// <summary>Waits until the health checks have found a server up or down.</summary>
    public Task WaitForHealth(string upstream, string server, bool isUp) =>
        Proxy.WaitForMetric($"nativeproxy_server_up{{upstream=\"{upstream}\",server=\"{server}\"}}", isUp ? 1 : 0);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_proxy is not null)
                await _proxy.DisposeAsync();
        }
        finally
        {
            foreach (ExampleServer server in _servers.Values)
                await server.DisposeAsync();
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }
}
