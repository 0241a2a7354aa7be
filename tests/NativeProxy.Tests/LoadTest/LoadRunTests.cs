using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using NativeProxy.LoadTest.Forwarder;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Origin;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>The generator against the own origin, directly and through the forwarder: every way of making load is answered and counted.</summary>
public sealed class LoadRunTests
{
    private static readonly IPEndPoint Origin = StartOrigin();
    private static readonly IPEndPoint Forwarder = StartForwarder();
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static LoadPlan Plan(bool isForwarded) => new()
    {
        Target = isForwarded ? Forwarder : Origin,
        Connections = 8,
        RequestsMax = 400,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClosedLoop_SendsExactlyTheAskedRequestsOverKeptConnections(bool isForwarded)
    {
        LoadResult result = Complete(Plan(isForwarded) with { Threads = 2 });
        Assert.Equal(8, result.Opened);
    }

    [Theory]
    [InlineData("/s/0")]
    [InlineData("/s/1")]
    [InlineData("/s/40000")]
    [InlineData("/s/1500000")]
    [InlineData("/s/70000/k/1000")]
    [InlineData("/s/0/k/10")]
    [InlineData("/d/1/s/10")]
    [InlineData("/e/503/s/10")]
    public void ResponseOfAnyShape_IsRight(string path) => Complete(Plan(isForwarded: true) with { Path = path, RequestsMax = 40 });

    [Theory]
    [InlineData(1, 0)]
    [InlineData(65536, 0)]
    [InlineData(3_000_000, 0)]
    [InlineData(100_000, 777)]
    [InlineData(0, 10)]
    public void BodyWithLengthOrInChunks_ArrivesWhole(long bytes, int chunkBytes) =>
        Complete(Plan(isForwarded: true) with { Method = "POST", BodyBytes = bytes, BodyChunkBytes = chunkBytes, RequestsMax = 40 });

    [Fact]
    public void PipelinedRequests_AreAnsweredInOrder() => Complete(Plan(isForwarded: true) with { Pipeline = 16, RequestsMax = 1001 });

    [Fact]
    public void ConnectionPerRequest_OpensOneForEach()
    {
        LoadResult result = Complete(Plan(isForwarded: false) with { IsConnectionPerRequest = true });
        Assert.InRange(result.Opened, 400, 400 + 8);
    }

    [Fact]
    public void OpenLoop_SendsWhatTheScheduleSays() => Complete(Plan(isForwarded: true) with { RatePerSecond = 4000 });

    [Fact]
    public void SlowReaderAndWriter_GetTheirAnswers() => Complete(Plan(isForwarded: true) with
    {
        Method = "POST", BodyBytes = 2000, Path = "/s/2000", ReadBytesPerSecond = 20_000, WriteBytesPerSecond = 20_000, RequestsMax = 16,
    });

    [Fact]
    public void Burst_SendsOneRequestPerConnection_AndEndsWithTheLastAnswer()
    {
        LoadRun run = LoadRun.Start(
            Plan(isForwarded: false) with { IsBurst = true, Connections = 300, Threads = 2, RequestsMax = 0, Path = "/d/1/s/10" });
        run.Sleep(Longest);
        Assert.True(run.IsEnded);
        LoadResult result = run.Stop();
        Assert.Empty(result.Failures);
        Assert.Equal((300, 300, 300), (result.Completed, result.Opened, result.LatencyNs.Count));
    }

    [Fact]
    public void Herd_SettlesWithOneAnswerPerConnection()
    {
        LoadRun run = LoadRun.Start(Plan(isForwarded: true) with { IsHerd = true, Connections = 200, RequestsMax = 0 });
        Assert.True(run.WaitUntilSettled(Longest));
        LoadResult result = run.Stop();
        Assert.Empty(result.Failures);
        Assert.Equal((200, 200, 0), (result.Completed, result.Opened, result.HerdLost));
    }

    [Fact]
    public void OpenLoopThatIsNotAnswered_CountsWhatWasDue()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        LoadRun run =
            LoadRun.Start(Plan(isForwarded: false) with { Target = (IPEndPoint)listener.LocalEndpoint, RatePerSecond = 100_000, RequestsMax = 50 });
        Socket[] silent = Enumerable.Range(0, 8).Select(_ => listener.AcceptSocket()).ToArray();
        Assert.All(silent, socket => Assert.True(socket.Receive(new byte[1]) > 0));
        LoadResult result = run.Stop();
        // Eight are in flight, one per connection; those that wait for a free one count all the same.
        Assert.True(result.Unfinished >= 8);
        Assert.Equal(result.Unfinished, result.LatencyNs.Count);
        Assert.Equal(0, result.Completed);
        Array.ForEach(silent, socket => socket.Dispose());
    }

    [Fact]
    public void ForeignServer_IsHeldToItsFirstAnswer() => Complete(Plan(isForwarded: false) with { IsForeign = true, Path = "/s/5000" });

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 1, 0)]
    public void PlanWithImpossibleNumbers_IsRefused(int connections, int threads, int pipeline) =>
        Assert.NotNull((Plan(false) with { Connections = connections, Threads = threads, Pipeline = pipeline }).Refusal());

    [Theory]
    [InlineData(LoadPlan.RequestsCeiling, true)]
    [InlineData(LoadPlan.RequestsCeiling + 1, false)]
    public void RequestsOfARun_AreBounded(long count, bool isAllowed) =>
        Assert.Equal(isAllowed, (Plan(false) with { RequestsMax = count }).Refusal() is null);

    [Fact]
    public void PipelinedBodies_AreRefusedAndPipelinedGetsAreNot()
    {
        Assert.NotNull((Plan(false) with { Pipeline = 2, BodyBytes = 1 }).Refusal());
        Assert.Null((Plan(false) with { Pipeline = 2 }).Refusal());
    }

    private static LoadResult Complete(LoadPlan plan)
    {
        LoadResult result = LoadRun.Whole(plan, TimeSpan.Zero, Longest, out _, out long count);
        Assert.Empty(result.Failures);
        Assert.Equal(plan.RequestsMax, result.Completed);
        Assert.Equal(plan.RequestsMax, count);
        Assert.Equal(plan.RequestsMax, result.LatencyNs.Count);
        return result;
    }

    private static IPEndPoint StartOrigin()
    {
        IPEndPoint endPoint = FreeEndPoint();
        new OriginServer(endPoint, threadCount: 2).Start();
        return endPoint;
    }

    private static IPEndPoint StartForwarder()
    {
        IPEndPoint endPoint = FreeEndPoint();
        var server = new ForwardServer(endPoint, Origin);
        new Thread(server.Run) { IsBackground = true }.Start();
        return endPoint;
    }

    private static IPEndPoint FreeEndPoint()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
