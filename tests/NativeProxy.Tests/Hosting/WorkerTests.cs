using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class WorkerTests
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public void Requests_GoToTheServerAndBackOverKeptConnections()
    {
        using var test = new WorkerUnderTest();
        using Socket client = test.Client();
        client.SendText("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        using Socket server = test.AcceptAtOrigin();

        for (int i = 1; i <= 3; i++)
        {
            Assert.StartsWith($"GET /{i} HTTP/1.1\r\nHost: a\r\n", server.ReadHead(), StringComparison.Ordinal);
            server.SendText(Answer);
            Assert.Equal("ok", client.ReadMessage().Body);
            client.SendText($"GET /{i + 1} HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }

    [Fact]
    public async Task Drain_WaitsForTheRunningExchangeAndReturnsEveryBuffer()
    {
        var test = new WorkerUnderTest();
        using Socket busy = test.Client();
        using Socket idle = test.Client();

        // A client that has not sent a byte is still the kernel's (defer_accept).
        idle.SendText("\r\n");
        busy.SendText("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using Socket server = test.AcceptAtOrigin();
        server.ReadHead();

        test.Worker.BeginDrain();
        Task<bool> drained = Task.Run(() => test.Worker.Drained.Wait(LoopUnderTest.Deadline));
        Assert.Equal(SocketError.Success, idle.ReadToError());
        idle.Dispose();
        Assert.False(drained.IsCompleted);
        server.SendText(Answer);
        (string head, string body) = busy.ReadMessage();

        Assert.Contains("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
        Assert.Equal("ok", body);
        Assert.Equal(SocketError.Success, busy.ReadToError());
        busy.Dispose();
        Assert.True(await drained);
        test.Dispose();
        Assert.Equal("", test.Messages);
    }

    [Fact]
    [Trait("promise", "B3")]
    public void Cut_EndsARunningExchangeWithItsReason()
    {
        var test = new WorkerUnderTest();
        using Socket client = test.Client();
        client.SendText("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using Socket server = test.AcceptAtOrigin();
        server.ReadHead();

        test.Worker.BeginDrain();
        test.Worker.Cut();

        Assert.Equal((1, 1), (test.Counter(CloseCounters.Of(CloseReason.Stopped)), test.Counter(CloseCounters.Of(ServerCloseReason.Stopped))));
        Assert.Equal(SocketError.Success, client.ReadToError());
        Assert.Equal(SocketError.ConnectionReset, server.ReadToError());
        test.Dispose();
        Assert.Equal("", test.Messages);
    }

    /// <summary>Would wait for ever if the loop had to answer.</summary>
    [Fact]
    public void LoopThatHangs_KeepsNeitherTheCutNorTheEnd()
    {
        using var isOver = new ManualResetEventSlim();
        var test = new WorkerUnderTest();
        test.Worker.Loop.Post(new HangingWork(isOver));

        test.Worker.Cut();
        test.Dispose();

        Assert.Contains("the event loop does not answer", test.Messages, StringComparison.Ordinal);
        isOver.Set();
    }

    [Fact]
    public void RequestThatOutgrowsTheRewriteBuffer_IsRefusedAndNotCut()
    {
        using var test = new WorkerUnderTest("[listener.limits]\nheader_bytes = \"256KiB\"");
        using Socket client = test.Client();

        // The host is written twice into the outgoing head: as it came and as X-Forwarded-Host.
        client.SendText($"GET / HTTP/1.1\r\nHost: {new string('h', 200_000)}\r\n\r\n");

        (string head, _) = client.ReadMessage();
        Assert.StartsWith("HTTP/1.1 431 ", head, StringComparison.Ordinal);
        Assert.Equal(0, test.Counter(CounterId.ServerConnects));
    }

    /// <summary>Keeps the loop thread.</summary>
    private sealed class HangingWork(ManualResetEventSlim isOver) : LoopWork
    {
        public override void Run() => isOver.Wait();
    }
}
