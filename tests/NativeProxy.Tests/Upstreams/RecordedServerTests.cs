using System;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Recording;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>What the flight recorder gets to see of a server connection: what was asked for, and no data.</summary>
public sealed class RecordedServerTests : IDisposable
{
    private readonly RecorderBoard _board = RecorderBoard.CreatePrivate(1);
    private readonly ServerUnderTest _test = new();

    public RecordedServerTests()
    {
        var recorder = new Recorder(_board, worker: 0, _test.Test.Loop.Clock);
        recorder.Apply(SettingsTrial.Parse(SettingsTrial.WithUpstream("")).Settings.Recorder);
        _test.Server.Connections.Recorder = recorder;
    }

    public void Dispose()
    {
        _test.Dispose();
        _board.Dispose();
    }

    [Fact]
    public async Task UserWhoseBytesNobodyReads_IsRecordedAsOne()
    {
        int number = _board.Order.Begin(new RecordingTerms
        {
            IsOfServers = true, ConnectionsMax = 10, BytesMax = 100_000, UntilWallMs = long.MaxValue,
        });
        (UpstreamConnection connection, Socket peer) = await _test.ConnectIdle();
        using Socket closing = peer;
        Assert.Same(connection, await _test.TakeIdle(new RecordingUser { IsOpaque = true }));
        Assert.Contains("use: 2\nclient_connection: 0\nopaque: 1\n",
            await _test.Test.Run(() => Encoding.ASCII.GetString(_board.Taps(0).Take())), StringComparison.Ordinal);
        _board.Order.End(number);
        await _test.Release(connection);
        await _test.AssertEmpty();
    }

    /// <summary>The first may be the end of a body that is longer than its head has said.</summary>
    [Theory]
    [InlineData("\"card\": 17}\r\n", "******* ***\r\n")]
    [InlineData("HTTP/1.1 408 Late\r\nSet-Cookie: a=b\r\n\r\nbody", "HTTP/1.1 408 Late\r\nSet-Cookie: ***\r\n\r\n****")]
    public async Task BytesThatNobodyAskedFor_ShowNoData(string bytes, string shown)
    {
        (_, Socket peer) = await _test.ConnectIdle();
        using Socket closing = peer;
        peer.Send(Encoding.ASCII.GetBytes(bytes));
        MessageRing ring = _board.Messages(0, isOfServer: true);
        await _test.Test.Until(() => ring.Count == 1, "a message");
        Assert.True(ring.TryRead(0, out _, out byte[] kept));
        Assert.Equal(shown, Encoding.ASCII.GetString(kept));
        await _test.AssertEmpty();
    }
}
