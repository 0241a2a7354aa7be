using System;
using System.Threading.Tasks;
using NativeProxy.Recording;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Recording;

/// <summary>Which connections get into a recording: those that were asked for, as long as it is on, and nobody else's.</summary>
public sealed class ConnectionRecorderTests : IDisposable
{
    private static readonly AskerFacts OfWeb = new() { Listener = "web" };

    private readonly RecorderBoard _board = RecorderBoard.CreatePrivate(1);
    private readonly LoopUnderTest _test = new();
    private readonly ConnectionRecorder _recorder;

    public ConnectionRecorderTests() => _recorder = new ConnectionRecorder(_board, worker: 0, _test.Loop.Clock);

    public void Dispose()
    {
        _test.Dispose();
        _board.Dispose();
    }

    [Fact]
    public async Task ClientOfARecordingThatIsOver_IsNoPartOfTheNext()
    {
        TcpConnection client = (await _test.Connect()).Connection;
        TcpConnection server = (await _test.Connect()).Connection;
        await _test.Run(() =>
        {
            int first = Begin(new RecordingTerms { Listener = new ShortText("web") });
            _recorder.OfferClient(client, OfWeb, "GET"u8);
            Assert.Equal(first, ((RecordedTap)client.Tap!).Number);
            _recorder.OfferServer(server, "app", "a", 1, OfWeb with { Recording = first });
            Assert.NotNull(server.Tap);

            int second = Begin(new RecordingTerms { Listener = new ShortText("other") });
            _recorder.OfferServer(server, "app", "a", 2, OfWeb with { Recording = first });
            Assert.Null(server.Tap);
            _recorder.OfferClient(client, OfWeb, "GET"u8);
            Assert.Null(client.Tap);
            _recorder.OfferServer(server, "app", "a", 3, OfWeb with { Recording = second });
            Assert.NotNull(server.Tap);
        });
        await End(client, server);
    }

    /// <summary>The first bytes come before the route is known: they are taken when it is, and those of other routes never.</summary>
    [Fact]
    public async Task ConnectionForARoute_IsRecordedFromItsFirstRequestThatTakesIt()
    {
        TcpConnection client = (await _test.Connect()).Connection;
        TcpConnection server = (await _test.Connect()).Connection;
        await _test.Run(() =>
        {
            int number = Begin(new RecordingTerms { Listener = new ShortText("web"), Route = new ShortText("api") });
            _recorder.OfferClient(client, OfWeb, "GET /1"u8);
            foreach (string? other in (string?[])["apis", "ap", "", null])
                _recorder.OfferRouted(client, OfWeb with { Route = other }, "GET /1"u8);
            _recorder.OfferRouted(client, new AskerFacts { Listener = "other", Route = "api" }, "GET /1"u8);
            _recorder.OfferServer(server, "app", "a", 1, OfWeb with { Route = "api" });
            Assert.Equal((null, null, 0), (client.Tap, server.Tap, _board.Order.ConnectionsTaken));

            _recorder.OfferClient(client, OfWeb, "GET /2"u8);
            _recorder.OfferRouted(client, OfWeb with { Route = "api", RequestNumber = 2 }, "GET /2"u8);
            ConnectionTap? tap = client.Tap;
            Assert.NotNull(tap);
            _recorder.OfferServer(server, "app", "a", 2, OfWeb with { Recording = number });
            Assert.NotNull(server.Tap);

            // It stays, whatever it asks for next.
            _recorder.OfferClient(client, OfWeb, "GET /3"u8);
            _recorder.OfferRouted(client, OfWeb with { Route = "other" }, "GET /3"u8);
            _recorder.OfferRouted(client, OfWeb with { Route = "api" }, "GET /4"u8);
            Assert.Same(tap, client.Tap);
            Assert.Equal(1, _board.Order.ConnectionsTaken);
            string taken = System.Text.Encoding.ASCII.GetString(_board.Taps(0).Take());
            Assert.Contains("GET /2", taken, StringComparison.Ordinal);
            Assert.DoesNotContain("GET /1", taken, StringComparison.Ordinal);
            Assert.DoesNotContain("GET /4", taken, StringComparison.Ordinal);
        });
        await End(client, server);
    }

    /// <summary>Else a request would be recorded twice, or one that came before the recording.</summary>
    [Fact]
    public async Task RecordingWithoutARoute_ChoosesNothingWhenTheRouteIsKnown()
    {
        TcpConnection client = (await _test.Connect()).Connection;
        await _test.Run(() =>
        {
            _recorder.OfferRouted(client, OfWeb with { Route = "api" }, "GET /1"u8);
            Begin(new RecordingTerms { Listener = new ShortText("web") });
            _recorder.OfferRouted(client, OfWeb with { Route = "api" }, "GET /1"u8);
            Assert.Null(client.Tap);
        });
        await End(client);
    }

    /// <summary>One that goes on with what nobody reads is another one: how it is to be read is said at its beginning.</summary>
    [Fact]
    public async Task RecordedServerConnection_StaysRecorded_UntilTheRecordingIsOver()
    {
        TcpConnection server = (await _test.Connect()).Connection;
        await _test.Run(() =>
        {
            int number = Begin(new RecordingTerms { Upstream = new ShortText("app"), IsOfServers = true });
            _recorder.OfferServer(server, "app", "a", 1, default);
            ConnectionTap? tap = server.Tap;
            Assert.NotNull(tap);
            _recorder.OfferServer(server, "app", "a", 2, default);
            Assert.Same(tap, server.Tap);
            _recorder.OfferServer(server, "app", "a", 3, new AskerFacts { IsOpaque = true });
            Assert.NotSame(tap, server.Tap);
            Assert.Contains("use: 3\nclient_connection: 0\nopaque: 1\n", System.Text.Encoding.ASCII.GetString(_board.Taps(0).Take()),
                StringComparison.Ordinal);
            _board.Order.End(number);
            _recorder.OfferServer(server, "app", "a", 4, default);
            Assert.Null(server.Tap);
        });
        await End(server);
    }

    /// <summary>How it is to be read is said at its beginning; that nobody reads it for a recording any more, by its tap.</summary>
    [Fact]
    public async Task ClientWhoseBytesNobodyReads_IsRecordedAsOne_UntilTheRecordingIsOver()
    {
        TcpConnection client = (await _test.Connect()).Connection;
        await _test.Run(() =>
        {
            int number = Begin(new RecordingTerms { Listener = new ShortText("web") });
            _recorder.OfferClient(client, OfWeb with { IsOpaque = true }, default);
            Assert.Contains("requests: 0\nopaque: 1\n", System.Text.Encoding.ASCII.GetString(_board.Taps(0).Take()), StringComparison.Ordinal);
            client.Tap!.Received("first"u8);
            Assert.False(client.Tap.IsOver);
            _board.Order.End(number);
            client.Tap.Received("second"u8);
            Assert.True(client.Tap.IsOver);
            string taken = System.Text.Encoding.ASCII.GetString(_board.Taps(0).Take());
            Assert.Contains("first", taken, StringComparison.Ordinal);
            Assert.DoesNotContain("second", taken, StringComparison.Ordinal);
        });
        await End(client);
    }

    private int Begin(RecordingTerms terms)
    {
        terms.ConnectionsMax = 10;
        terms.BytesMax = 100_000;
        terms.UntilWallMs = long.MaxValue;
        return _board.Order.Begin(terms);
    }

    private async Task End(params TcpConnection[] connections)
    {
        await _test.Run(() => Array.ForEach(connections, static connection => connection.Abort()));
        await _test.AssertEmpty();
    }
}
