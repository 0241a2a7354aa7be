using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Replaying;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Tls;
using Xunit;

namespace NativeProxy.Tests.Simulation;

/// <summary>What the flight recorder gets of connections in mode "tcp": all of those that are wanted, nothing of others. It runs again.</summary>
[Trait("promise", "B15")]
public sealed class RecordedRelayTests : IDisposable
{
    private const string Tcp = "mode = \"tcp\"";
    private const string Named = Tcp + "\n[[route]]\nname = \"named\"\nsni = [\"a.example\"]\n[[route]]\nname = \"other\"\nsni = [\"b.example\"]\n";

    private static readonly string Hello = Wire.Text(Hellos.For("a.example"));

    private readonly RecorderBoard _board = RecorderBoard.CreatePrivate(1);

    public void Dispose() => _board.Dispose();

    [Fact]
    public void ConnectionOfAWantedListener_IsRecordedFromItsFirstByte_WithItsServer_AndRunsAgain()
    {
        using Scene scene = NewScene(Tcp);
        SimulatedSocket before = scene.Connect();
        scene.Settle();
        Record(new RecordingTerms { Listener = new ShortText("web") });
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        scene.Write(scene.ServerSockets[1], "220 hello\r\n");
        scene.Write(client, "EHLO secret\r\n");
        scene.Write(before, "nobody's");
        scene.Write(scene.ServerSockets[1], "250 ok\r\n");
        client.ShutdownSend();
        scene.Settle();
        scene.ServerSockets[1].ShutdownSend();
        scene.Settle();

        byte[] record = Taken(hasBodies: true);
        Assert.Equal(
            ["client open web opaque", "server open app/a opaque", "server from 220 hello\r\n", "client to 220 hello\r\n",
                "client from EHLO secret\r\n", "server to EHLO secret\r\n", "server from 250 ok\r\n", "client to 250 ok\r\n",
                "client fin", "server fin", "server upgrade_ended", "client tunnel_ended", "server over", "client over"],
            Told(record));
        foreach (ProxySettings? settings in (ProxySettings?[])[null, SettingsTrial.Parse(SettingsTrial.With(Tcp)).Settings])
        {
            string again = Replay(record, settings);
            Assert.Contains("app/a is sent 13 bytes: EHLO secret", again, StringComparison.Ordinal);
            Assert.Contains("closed client connection of web: tunnel_ended", again, StringComparison.Ordinal);
            Assert.Contains("closed, was sent 19 bytes, as many as recorded", again, StringComparison.Ordinal);
        }
    }

    /// <summary>What it means nobody knows, so nothing of it can be told apart from a secret.</summary>
    [Fact]
    public void BytesOfAConnection_AreLengths_UnlessBodiesAreWanted()
    {
        using Scene scene = NewScene(Tcp);
        Record(default);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET /secret HTTP/1.1\r\nHost: secret\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "secret");
        client.Close(reset: true);
        scene.Settle();
        byte[] record = Taken(hasBodies: false);
        Assert.DoesNotContain("secret", Encoding.Latin1.GetString(record), StringComparison.Ordinal);
        Assert.Equal(["client gap 38", "server gap 38", "server gap 6", "client gap 6"], Told(record).Where(static line => line.Contains("gap")));
        string again = Replay(record);
        Assert.Contains("app/a is sent 38 bytes: ****", again, StringComparison.Ordinal);
        Assert.Contains("was sent 6 bytes, as many as recorded", again, StringComparison.Ordinal);
    }

    /// <summary>In however many pieces the name comes by which the route is chosen.</summary>
    [Theory]
    [InlineData(7)]
    [InlineData(1000)]
    public void ConnectionOfAWantedRoute_IsRecordedWhenThatIsKnown_WithAllThatCameBefore(int pieceBytes)
    {
        using Scene scene = NewScene(Named);
        Record(new RecordingTerms { Route = new ShortText("named") });
        foreach (string other in (string[])[Wire.Text(Hellos.For("b.example")), Wire.Text(Hellos.For("nobody.example")), "SSH-2.0-x\r\n"])
            scene.Write(scene.Connect(), other);
        Assert.Equal((3, 0), (scene.ServerSockets.Count, _board.Order.ConnectionsTaken));

        SimulatedSocket client = scene.Connect();
        for (int i = 0; i < Hello.Length; i += pieceBytes)
            scene.Write(client, Hello[i..Math.Min(Hello.Length, i + pieceBytes)]);
        scene.Write(client, "more");
        client.Close(reset: true);
        scene.Settle();
        byte[] record = Taken(hasBodies: true);
        string[] told = Told(record);
        Assert.Equal(Hello + "more", string.Concat(told.Where(static line => line.StartsWith("client from ")).Select(static line => line[12..])));
        Assert.Equal(["client open web opaque", "server open app/a opaque"], told.Where(static line => line.Contains(" open ")));

        // The name decides again.
        string toNobody = SettingsTrial.With(Tcp + "\n[[route]]\nsni = [\"a.example\"]\nupstream = \"named\"\n") + """
            [[upstream]]
            name = "named"
            [[upstream.server]]
            name = "n"
            address = "127.0.0.1:9002"
            """;
        Assert.Contains("connects to named/n", Replay(record, SettingsTrial.Parse(toNobody).Settings), StringComparison.Ordinal);
    }

    [Fact]
    public void RouteThatNeedsNoName_IsKnownBeforeTheClientSpeaks()
    {
        using Scene scene = NewScene(Tcp + "\n[[route]]\nport = [\"8080\"]\n");
        Record(new RecordingTerms { Route = new ShortText("route-1") });
        scene.Write(scene.Connect(), "first");
        byte[] record = Taken(hasBodies: true);
        Assert.Contains("client from first", Told(record));

        // And again in a replay, by a configuration without another way.
        string onlyThere = SettingsTrial.With(Tcp + "\n[[route]]\nupstream = \"app\"\nport = [\"8080\"]\n")
            .Replace(":8080\"]\nupstream = \"app\"", ":8080\"]", StringComparison.Ordinal);
        Assert.Contains("connects to app/a", Replay(record, SettingsTrial.Parse(onlyThere).Settings), StringComparison.Ordinal);
    }

    /// <summary>The balancer's header is no part of what the client says, and says who that is; what came behind it is there once.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("", "named")]
    [InlineData("192.0.2.0/24", "")]
    public void ClientBehindAProxyHeader_IsChosenByItsOwnAddress_AndRecordedFromBehindTheHeader(string network, string route)
    {
        using Scene scene = NewScene("proxy_protocol = true\n" + Named);
        var terms = new RecordingTerms { Route = new ShortText(route), HasNetwork = network.Length > 0 };
        terms.Network = new AddressNetwork(IPNetwork.Parse(network.Length > 0 ? network : "0.0.0.0/0"));
        Record(terms);
        scene.Write(scene.Connect(), "PROXY TCP4 198.51.100.7 198.51.100.1 40000 80\r\nSSH-2.0-x\r\n");
        int others = network.Length == 0 && route.Length == 0 ? 1 : 0;
        Assert.Equal(others, _board.Order.ConnectionsTaken);
        Taken(hasBodies: true);

        SimulatedSocket client = scene.Connect();
        scene.Write(client, "PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\n" + Hello);
        scene.Write(client, "second");
        client.Close(reset: true);
        scene.Settle();
        byte[] record = Taken(hasBodies: true);
        Assert.Contains("client: 192.0.2.33:40000\n", Encoding.Latin1.GetString(record), StringComparison.Ordinal);
        Assert.Equal(["client from " + Hello, "client from second"], Told(record).Where(static line => line.StartsWith("client from ")));

        // The header is not there, and is not awaited.
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.With("proxy_protocol = true\n" + Named)).Settings;
        Assert.Contains("app/a is sent 6 bytes: second", Replay(record, settings), StringComparison.Ordinal);
    }

    [Fact]
    public void RecordingThatBeginsWhileANameIsAwaited_HasTheConnectionFromItsFirstByte()
    {
        using Scene scene = NewScene(Named);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Hello[..9]);
        Record(default);
        scene.Write(client, Hello[9..]);
        Assert.Contains("client from " + Hello, Told(Taken(hasBodies: true)));
    }

    /// <summary>One that never gets to a server is one to look at.</summary>
    [Fact]
    public void ConnectionThatEndsBeforeItsRouteIsKnown_IsRecordedWithItsReason()
    {
        using Scene scene = NewScene(Tcp + "\ntcp.inspect_timeout = \"2s\"\n" + Named[Tcp.Length..]);
        Record(default);
        scene.Write(scene.Connect(), Hello[..9]);
        scene.Settle(2100);
        Assert.Equal(
            ["client open web opaque", "client from " + Hello[..9], "client inspect_timeout"], Told(Taken(hasBodies: true))[..3]);
    }

    [Fact]
    public void RecordingThatIsOver_OrFull_TakesNothingMore()
    {
        using Scene scene = NewScene(Named);
        RecordingTerms terms = default;
        terms.ConnectionsMax = 1;
        int number = Record(terms);
        SimulatedSocket first = scene.Connect();
        scene.Write(first, Hello[..9]);
        scene.Write(scene.Connect(), Hello);
        Assert.Equal(["client open web opaque", "client from " + Hello[..9]], Told(Taken(hasBodies: true)));
        _board.Order.End(number);
        scene.Write(first, Hello[9..]);
        scene.Write(scene.Connect(), Hello);
        Assert.Equal(["client lost"], Told(Taken(hasBodies: true)));
        Assert.Equal(3, scene.Proxy.Counters.Read(CounterId.TunnelsOpen));
    }

    private Scene NewScene(string listener) => new(listener, recordings: _board);

    private int Record(RecordingTerms terms)
    {
        terms.ConnectionsMax = terms.ConnectionsMax == 0 ? 10 : terms.ConnectionsMax;
        terms.BytesMax = 100_000;
        terms.UntilWallMs = long.MaxValue;
        return _board.Order.Begin(terms);
    }

    /// <summary>What a record would have, since the last time.</summary>
    private byte[] Taken(bool hasBodies)
    {
        var output = new ArrayBufferWriter<byte>();
        new RecordedConnections(Redaction.Off, hasBodies).Take(_board.Taps(0).Take(), output);
        return output.WrittenSpan.ToArray();
    }

    private static string Replay(byte[] record, ProxySettings? settings = null)
    {
        using var output = new StringWriter();
        ReplayCommand.Write(RecordFile.TryRead([.. RecordEntry.FileLine, .. record], "f", out _)!, settings, output);
        return output.ToString();
    }

    /// <summary>A line for each entry.</summary>
    private static string[] Told(byte[] record)
    {
        var lines = new List<string>();
        ReadOnlySpan<byte> rest = record;
        while (RecordEntry.TryRead(ref rest, out RecordEntry entry))
        {
            string text = Encoding.Latin1.GetString(entry.Payload);
            lines.Add((entry.IsOfServer ? "server " : "client ") + entry.Kind switch
            {
                RecordKind.Open => $"open {PlaceOf(entry)} {(text.Contains("\nopaque: 1\n", StringComparison.Ordinal) ? "opaque" : "read")}",
                RecordKind.Bytes => (entry.Direction == RecordDirection.FromPeer ? "from " : "to ") + text,
                RecordKind.Gap => $"gap {entry.GapBytes}",
                RecordKind.Decided => text,
                _ => entry.Kind.ToString().ToLowerInvariant(),
            });
        }
        return [.. lines];
    }

    private static string PlaceOf(in RecordEntry entry)
    {
        string Of(ReadOnlySpan<byte> value) => Encoding.Latin1.GetString(value);
        return entry.IsOfServer
            ? Of(RecordEntry.ValueOf(entry.Payload, "upstream: "u8)) + "/" + Of(RecordEntry.ValueOf(entry.Payload, "server: "u8))
            : Of(RecordEntry.ValueOf(entry.Payload, "listener: "u8));
    }
}
