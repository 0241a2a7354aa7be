using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Workers;
using NativeProxy.Quotas;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Tests.Hosting;

/// <summary>A whole worker in this process, between a client and a server that are blocking sockets of the test.</summary>
internal sealed class WorkerUnderTest : IDisposable
{
    private readonly Socket _listening = Peers.Listen();
    private readonly Socket _origin = Peers.Listen();
    private readonly MemoryStream _messages = new();
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly ProxySettings _settings;
    private readonly ServerEndPoints _servers;

    public WorkerUnderTest(string listenerSettings = "")
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener(listenerSettings) + "\n[log]\naccess = \"off\"\n");
        _settings = result.Settings;
        _servers = new ServerEndPoints([[[(IPEndPoint)_origin.LocalEndPoint!]]]);
        EndPoint = (IPEndPoint)_listening.LocalEndPoint!;
        Worker = new Worker(result.Settings, new WorkerPlace(0, 1, 0, 1), _counters, CloseBoard.CreatePrivate(1).Ring(0),
            new SharedBoards(
                ServersOnBoard.NewBoard(), ChangeBoard.CreatePrivate(), LimitBoard.CreatePrivate(workers: 1), LatencyBoard.CreatePrivate(1)),
            TrafficSecurity.None, new ErrorLog(_messages, TimeProvider.System));
        Worker.Start(_settings, _servers, [new ListeningSocket(result.Settings.Listeners[0].Bind[0], _listening)], TlsPolicies.None);
    }

    public Worker Worker { get; }

    public IPEndPoint EndPoint { get; }

    /// <summary>What the worker wrote to the error log.</summary>
    public string Messages => Encoding.UTF8.GetString(_messages.ToArray());

    public Socket Client() => Peers.Connect(EndPoint);

    /// <summary>Goes over to the same settings: other listeners take the idle connections over.</summary>
    public Task Reload() => Worker.Reload(_settings, _servers, [], TlsPolicies.None);

    /// <summary>The server's end of the next connection that the worker opens.</summary>
    public Socket AcceptAtOrigin() => Peers.Accept(_origin);

    public long Counter(CounterId id) => _counters.Read(id);

    public void Dispose()
    {
        Worker.Dispose();
        _origin.Dispose();
    }
}
