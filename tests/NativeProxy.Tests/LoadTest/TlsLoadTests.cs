using System;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Origin;
using NativeProxy.LoadTest.Tls;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>
/// The generator speaks TLS: every way of making load is answered, handshakes are counted, and one that is not as asked is a failure.
/// </summary>
public sealed class TlsLoadTests : IDisposable
{
    private static readonly IPEndPoint Origin = StartOrigin();
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly TlsServer _server = new(Origin);

    public void Dispose() => _server.Dispose();

    [Fact]
    public void KeptConnections_HaveOneFullHandshakeEach()
    {
        LoadResult result = Complete(Plan() with { Threads = 2 });
        Assert.Equal((8, new Handshakes(8, 0, 0)), (result.Opened, result.Handshakes));
    }

    [Fact]
    public void ConnectionPerRequest_HasAFullHandshakeForEach()
    {
        LoadResult result = Complete(Plan() with { IsConnectionPerRequest = true });
        Assert.InRange(result.Handshakes.Full, 100, 100 + 8);
        Assert.Equal((0, 0), (result.Handshakes.Resumed, result.Handshakes.Failed));
    }

    [Fact]
    public void ResumedSessions_AreCountedBehindTheFirstOfEachConnection()
    {
        LoadResult result = Complete(Plan() with { IsConnectionPerRequest = true, Tls = TlsUse.Resumed });
        Assert.Equal((8, 0), (result.Handshakes.Full, result.Handshakes.Failed));
        Assert.InRange(result.Handshakes.Resumed, 100 - 8, 100 + 8);
    }

    [Fact]
    public void ServerThatDoesNotResume_FailsTheRun()
    {
        using var server = new TlsServer(Origin, mayResume: false);
        LoadResult result = Run(Plan() with { Target = server.EndPoint, IsConnectionPerRequest = true, Tls = TlsUse.Resumed });
        Assert.Contains("handshake: full", Assert.Single(result.Failures), StringComparison.Ordinal);

        // Others may be under way when the first one fails.
        Assert.Equal(0, result.Handshakes.Resumed);
        Assert.InRange(result.Handshakes.Failed, 1, 8);
    }

    [Fact]
    public void ServerWithoutTheWantedVersion_FailsTheRun()
    {
        using var server = new TlsServer(Origin, protocols: SslProtocols.Tls12);
        LoadResult result = Run(Plan() with { Target = server.EndPoint });
        Assert.Contains("handshake: ", Assert.Single(result.Failures), StringComparison.Ordinal);

        // Others may be under way when the first one fails.
        Assert.Equal((0, 0), (result.Handshakes.Full, result.Handshakes.Resumed));
        Assert.InRange(result.Handshakes.Failed, 1, 8);
    }

    [Fact]
    public void ServerWithoutTls_FailsTheRun()
    {
        LoadResult result = Run(Plan() with { Target = Origin, AnswerMsMax = 300 });
        Assert.Contains("no usable connection within 300 ms", Assert.Single(result.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/s/0")]
    [InlineData("/s/16384")]
    [InlineData("/s/1500000")]
    [InlineData("/s/70000/k/1000")]
    public void ResponseOfAnyShape_IsRight(string path) => Complete(Plan() with { Path = path, RequestsMax = 40 });

    [Theory]
    [InlineData(3_000_000, 0)]
    [InlineData(100_000, 777)]
    public void BodyWithLengthOrInChunks_ArrivesWhole(long bytes, int chunkBytes) =>
        Complete(Plan() with { Method = "POST", BodyBytes = bytes, BodyChunkBytes = chunkBytes, RequestsMax = 24 });

    [Fact]
    public void PipelinedRequests_AreAnsweredInOrder() => Complete(Plan() with { Pipeline = 16, RequestsMax = 1001 });

    [Fact]
    public void SlowReader_GetsItsAnswers() =>
        Complete(Plan() with { Path = "/s/20000", ReadBytesPerSecond = 200_000, RequestsMax = 16 });

    [Fact]
    public void Herd_SettlesWithOneAnswerPerConnection()
    {
        LoadRun run = LoadRun.Start(Plan() with { IsHerd = true, Connections = 100, RequestsMax = 0 });
        Assert.True(run.WaitUntilSettled(Longest));
        LoadResult result = run.Stop();
        Assert.Empty(result.Failures);
        Assert.Equal((100, 0, new Handshakes(100, 0, 0)), (result.Completed, result.HerdLost, result.Handshakes));
    }

    [Fact]
    public void RunningServer_IsAskedThroughTls()
    {
        Assert.True(RunningServer.IsAnswering(_server.EndPoint, isTls: true));
        Assert.False(RunningServer.IsAnswering(_server.EndPoint));
    }

    [Fact]
    public void CertificateOfContenders_IsOnP256WithItsKey_AndTheSameForAll()
    {
        using X509Certificate2 one = TlsServer.Certificate(), other = TlsServer.Certificate();
        Assert.True(one.HasPrivateKey);
        Assert.Equal(256, one.GetECDsaPublicKey()!.KeySize);
        Assert.Equal(one.Thumbprint, other.Thumbprint);
    }

    [Fact]
    public void PlanThatTlsCannotCarryOut_IsRefused()
    {
        Assert.NotNull((Plan() with { WriteBytesPerSecond = 1000 }).Refusal());
        Assert.NotNull((Plan() with { Tls = TlsUse.Resumed }).Refusal());
        Assert.Null((Plan() with { Tls = TlsUse.Resumed, IsConnectionPerRequest = true }).Refusal());
    }

    private LoadPlan Plan() => new() { Target = _server.EndPoint, Connections = 8, RequestsMax = 100, Tls = TlsUse.Full };

    private static LoadResult Run(LoadPlan plan) => LoadRun.Whole(plan, TimeSpan.Zero, Longest, out _, out _);

    private static LoadResult Complete(LoadPlan plan)
    {
        LoadResult result = Run(plan);
        Assert.Empty(result.Failures);
        Assert.Equal(plan.RequestsMax, result.Completed);
        return result;
    }

    private static IPEndPoint StartOrigin()
    {
        IPEndPoint endPoint = RunningServer.FreeEndPoint();
        new OriginServer(endPoint, threadCount: 2).Start();
        return endPoint;
    }
}
