using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>The steps of a pause, by a clock that the test moves, on sockets of the machine.</summary>
[Trait("promise", "ARCH-17")]
public sealed class ListeningPauseTests : IDisposable
{
    private readonly MemoryStream _messages = new();
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ListeningPause _pause;
    private readonly ErrorLog _log;
    private bool _areChanging;

    public ListeningPauseTests()
    {
        // The system gives a port that it has chosen itself back with the pause; listeners always have chosen ones.
        using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        }
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _socket.Listen();
        _log = new ErrorLog(_messages, TimeProvider.System);
        _pause = new ListeningPause(() => [new ListeningSocket($"127.0.0.1:{Port}", _socket)], () => _areChanging, _log);
    }

    private string Messages => System.Text.Encoding.UTF8.GetString(_messages.ToArray());

    private int Port { get; }

    public void Dispose() => _socket.Dispose();

    [Fact]
    public async Task FirstHandshakesGetNoAnswer_ThenTheAddressIsFree()
    {
        using Socket before = await Connect();
        _pause.Begin();
        Assert.Equal(0, _pause.NextDueMs);
        _pause.Advance(1000);
        Assert.Equal(1000 + ListeningRest.HandshakeMs, _pause.NextDueMs);
        using Socket late = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Task connecting = late.ConnectAsync(IPAddress.Loopback, Port);

        _pause.Advance(1000 + ListeningRest.HandshakeMs - 1);
        Assert.False(connecting.IsCompleted);
        using Socket accepted = _socket.Accept();
        _pause.Advance(1000 + ListeningRest.HandshakeMs);
        Assert.Equal(long.MaxValue, _pause.NextDueMs);
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(Connect)).SocketErrorCode);
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(() => connecting)).SocketErrorCode);
        Assert.Equal(1, await accepted.SendAsync(new byte[1]));
        Assert.Equal(1, await before.ReceiveAsync(new byte[1]));

        _pause.End();
        Assert.False(_pause.IsUnderWay);
        (await Connect()).Dispose();
    }

    [Fact]
    public async Task EndBeforeTheAddressIsFree_ListensAsBefore()
    {
        _pause.Begin();
        _pause.Advance(0);
        _pause.End();
        Assert.Equal(long.MaxValue, _pause.NextDueMs);
        _pause.Advance(long.MaxValue);
        (await Connect()).Dispose();
        Assert.False(_pause.IsUnderWay);
    }

    [Fact]
    public async Task WhatIsAskedForAgain_ChangesNothing()
    {
        _pause.End();
        _pause.Begin();
        _pause.Advance(0);
        _pause.Begin();
        _pause.Advance(0);
        _pause.Advance(ListeningRest.HandshakeMs);
        _pause.Begin();
        Assert.Equal(long.MaxValue, _pause.NextDueMs);
        _pause.Advance(long.MaxValue);
        _pause.End();
        _pause.End();
        (await Connect()).Dispose();
        Assert.Equal(3, Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task WhileSocketsChange_APauseWaits()
    {
        _areChanging = true;
        _pause.Begin();
        Assert.True(_pause.IsUnderWay);
        Assert.Equal(long.MaxValue, _pause.NextDueMs);
        _pause.Advance(1000);
        (await Connect()).Dispose();

        _areChanging = false;
        Assert.Equal(0, _pause.NextDueMs);
        _pause.Advance(2000);
        _areChanging = true;
        _pause.Advance(10_000);
        Assert.DoesNotContain("paused: ", Messages, StringComparison.Ordinal);
        _areChanging = false;
        _pause.Advance(10_000);
        Assert.Contains("paused: ", Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void ReloadIsRefusedWhileItIsUnderWay()
    {
        using CounterBoard counters = CounterBoard.CreatePrivate(1);
        var service = new ServiceState();
        var reloads = new ReloadLog(_log, counters, service);
        Assert.False(_pause.RefusesReload(reloads));
        Assert.Empty(service.Loads.Newest);
        _pause.Begin();
        Assert.True(_pause.RefusesReload(reloads));
        Assert.Equal(1, counters.Sum(CounterId.ReloadFailures));
        Assert.Contains("reload refused: ", Messages, StringComparison.Ordinal);
        Assert.Contains("reload refused: ", Assert.Single(service.Loads.Newest, static load => !load.IsTaken).Text, StringComparison.Ordinal);
    }

    private async Task<Socket> Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return socket;
    }
}
