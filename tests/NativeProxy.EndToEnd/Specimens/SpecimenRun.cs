using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Framing;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>Plays one specimen on a proxy of its own, byte for byte. A failure names the file and the line of the step.</summary>
internal sealed class SpecimenRun : IAsyncDisposable
{
    private readonly Specimen _specimen;
    private readonly ScriptedOrigin _origin;
    private readonly ProxyUnderTest _proxy;
    private readonly List<RawClient> _clients = [];
    private readonly List<OriginConnection> _servers = [];
    private int _halfClosedCount;

    private SpecimenRun(Specimen specimen, ScriptedOrigin origin, ProxyUnderTest proxy)
    {
        _specimen = specimen;
        _origin = origin;
        _proxy = proxy;
    }

    public static async Task Play(Specimen specimen)
    {
        ScriptedOrigin origin = ScriptedOrigin.Driven();

        // A specimen that is about the added fields says which ones it wants.
        IEnumerable<string> added = specimen.Listener.Any(line => line.StartsWith("forwarded.", StringComparison.Ordinal))
            ? []
            : RequestFramingSafetyTests.NothingAdded;
        ProxyConfig config = ProxyConfig.For(origin).Listener([.. added, .. specimen.Listener]).Upstream([.. specimen.Upstream]);
        await using var run = new SpecimenRun(specimen, origin, await ProxyUnderTest.Start(config));
        foreach (SpecimenStep step in specimen.Steps)
            await run.PlayStep(step);
        await run.ExpectNothingElse();
    }

    public async ValueTask DisposeAsync()
    {
        // Both sides first: a tunnel or an unfinished exchange would make the proxy wait.
        foreach (RawClient client in _clients)
            await client.DisposeAsync();
        await _origin.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    private async Task PlayStep(SpecimenStep step)
    {
        try
        {
            if (step.Actor == SpecimenActor.Proxy)
                await PlayProxy(step.Action);
            else
                await PlaySocket(await Find(step), step);

            // What comes from the other side may otherwise be there first.
            if (step is { Actor: SpecimenActor.Client, Action: SpecimenAction.Fin } && _specimen.Listener.Contains("half_close = \"finish\""))
                await _proxy.WaitForMetric("nativeproxy_clients_half_closed", ++_halfClosedCount);
        }
        catch (Exception e)
        {
            throw new XunitException($"{_specimen.File}:{step.Line}: {step.Actor} {step.Number} {step.Action}: {e.Message}");
        }
    }

    private async Task PlayProxy(SpecimenAction action)
    {
        if (action == SpecimenAction.Freezes)
            await _proxy.Freeze();
        else
            _proxy.Thaw();
    }

    private static async Task PlaySocket(TestSocket socket, SpecimenStep step)
    {
        switch (step.Action)
        {
            case SpecimenAction.Sends:
                await socket.Send(step.Bytes);
                break;
            case SpecimenAction.Receives:
                Assert.Equal(step.Bytes, await socket.Read(step.Bytes.Length));
                break;
            case SpecimenAction.Fin:
                socket.HalfClose();
                break;
            case SpecimenAction.Rst:
                socket.Reset();
                break;
            case SpecimenAction.Closes:
                socket.Close();
                break;
            case SpecimenAction.SeesFin:
                await socket.ExpectFin();
                break;
            case SpecimenAction.SeesRst:
                await socket.ExpectReset();
                break;
            default:
                await socket.ExpectEnd();
                break;
        }
    }

    /// <summary>A client connects, and a connection to the origin is taken, when it first occurs.</summary>
    private async Task<TestSocket> Find(SpecimenStep step)
    {
        if (step.Actor == SpecimenActor.Client)
        {
            if (step.Number > _clients.Count)
                _clients.Add(await _proxy.Connect());
            return _clients[step.Number - 1];
        }
        if (step.Number > _servers.Count)
            _servers.Add(await _origin.Accept());
        return _servers[step.Number - 1];
    }

    private async Task ExpectNothingElse()
    {
        int line = _specimen.Steps[^1].Line;
        long connects = await _proxy.Metric("nativeproxy_server_connects_total");
        Assert.True(connects == _servers.Count,
            $"{_specimen.File}:{line}: behind the last step: the proxy has opened {connects} connections to the origin, not {_servers.Count}");
        foreach (TestSocket socket in _clients.Concat<TestSocket>(_servers))
        {
            int unread = socket.Socket.SafeHandle.IsClosed ? 0 : socket.Socket.Available;
            Assert.True(socket.Untaken.Length + unread == 0,
                $"{_specimen.File}:{line}: behind the last step: {socket} has got {unread} bytes and this more than is written: {socket.Untaken}");
        }
    }
}
