using System;
using System.Buffers;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Hosting.Replaying;
using NativeProxy.Recording;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Replaying;

/// <summary>Records run again through the whole proxy, and whatever a file holds, it comes to an end.</summary>
[Trait("promise", "B15")]
public sealed class ReplayTests
{
    private readonly ArrayBufferWriter<byte> _file = new();

    public ReplayTests() => _file.Write(RecordEntry.FileLine);

    [Fact]
    public void RecordedExchange_IsServedAgain()
    {
        AddExchange();
        string told = Replay();
        Assert.Contains("client 17 sends 28 bytes: GET /a HTTP/1.1", told, StringComparison.Ordinal);
        Assert.Contains("connects to app/a", told, StringComparison.Ordinal);
        Assert.Contains("server 18 (app/a) sends 38 bytes: HTTP/1.1 200 OK", told, StringComparison.Ordinal);
        Assert.Contains("  log: ", told, StringComparison.Ordinal);
        Assert.Contains("closed client connection of web: client_closed, by peer, 1 requests", told, StringComparison.Ordinal);
    }

    /// <summary>Nobody ends anything in the record: the proxy's own times do, on the clock of the replay.</summary>
    [Fact]
    public void ConnectionThatTheRecordLeavesOpen_EndsByItsDeadline()
    {
        Add(RecordKind.Open, false, RecordDirection.None, 0, "listener: web\nclient: 192.0.2.1:4000\n"u8);
        Add(RecordKind.Bytes, false, RecordDirection.FromPeer, 10, "GET / HTTP/1.1\r\nHo"u8);
        string told = Replay();
        Assert.Contains("is sent", told, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 408", told, StringComparison.Ordinal);
        Assert.Contains("request_header_timeout", told, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusedMessages_AreToldWithPlaceAndRule_OfBothSides()
    {
        Add(RecordKind.Open, false, RecordDirection.None, 0, "listener: web\nclient: 192.0.2.1:4000\n"u8);
        Add(RecordKind.Bytes, false, RecordDirection.FromPeer, 10, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        Add(RecordKind.Open, true, RecordDirection.None, 11, "upstream: app\nserver: a\nclient_connection: 17\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.FromPeer, 12, "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n"u8);
        Add(RecordKind.Bytes, false, RecordDirection.FromPeer, 20, "GET /\u0001 HTTP/1.1\r\n\r\n"u8);
        string told = Replay();
        Assert.Contains("refused response: ", told, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 502", told, StringComparison.Ordinal);
        Assert.Contains("refused request: bad_target at byte 5", told, StringComparison.Ordinal);
        Assert.Contains("closed client connection of web: bad_request", told, StringComparison.Ordinal);
    }

    /// <summary>What was not recorded of a body is as long as it was.</summary>
    [Fact]
    public void BodyThatIsALengthOnly_IsPassedOnWhole()
    {
        Add(RecordKind.Open, false, RecordDirection.None, 0, "listener: web\nclient: 192.0.2.1:4000\n"u8);
        Add(RecordKind.Bytes, false, RecordDirection.FromPeer, 10, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"u8);
        byte[] count = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(count, 100_000);
        Add(RecordKind.Gap, false, RecordDirection.FromPeer, 11, count);
        Add(RecordKind.Open, true, RecordDirection.None, 12, "upstream: app\nserver: a\nclient_connection: 17\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.FromPeer, 13, "HTTP/1.1 204 No Content\r\n\r\n"u8);
        string told = Replay();
        Assert.Contains("HTTP/1.1 204 No Content", told[told.IndexOf("client 17 is sent", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    /// <summary>Without its client: what a server was sent is what a client sends.</summary>
    [Fact]
    public void RecordedServerConnection_RunsWithoutItsClient()
    {
        Add(RecordKind.Open, true, RecordDirection.None, 0, "upstream: app\nserver: a\nclient_connection: 0\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.ToPeer, 1, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.FromPeer, 2, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);
        string told = Replay();
        Assert.Contains("app/a is sent", told, StringComparison.Ordinal);
        Assert.Contains("  log: ", told, StringComparison.Ordinal);
    }

    /// <summary>What a server was sent is what a client sends, and nobody reads it.</summary>
    [Fact]
    public void RecordedServerConnectionThatNobodyReads_RunsWithoutItsClient()
    {
        Add(RecordKind.Open, true, RecordDirection.None, 0, "upstream: app\nserver: a\nclient_connection: 5\nopaque: 1\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.FromPeer, 1, "220 hello\r\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.ToPeer, 2, "EHLO\0\r\n"u8);
        string told = Replay();
        Assert.Contains("is sent 11 bytes: 220 hello", told, StringComparison.Ordinal);
        Assert.Contains("app/a is sent 7 bytes: EHLO", told, StringComparison.Ordinal);
        Assert.Contains("client 18: open, was sent 11 bytes", told, StringComparison.Ordinal);
    }

    /// <summary>In the replay both go the same way, to the upstream of the second; what the servers said stays apart.</summary>
    [Fact]
    public void ClientsThatNobodyReads_AreAnsweredByTheServersThatTheyHad()
    {
        AddOpen(20, 21, "one");
        AddOpen(22, 23, "two");
        AddRelay(client: 20, server: 21, "answer");
        AddRelay(client: 22, server: 23, "longer answer");
        string told = Replay();
        Assert.Contains("client 20: closed, was sent 6 bytes, as many as recorded", told, StringComparison.Ordinal);
        Assert.Contains("client 22: closed, was sent 13 bytes, as many as recorded", told, StringComparison.Ordinal);
        Assert.Contains("/a is sent FIN", told, StringComparison.Ordinal);
    }

    /// <summary>Whatever the configuration has under that name: a record has no PROXY header, and a forward proxy asks for names.</summary>
    [Theory]
    [InlineData("proxy_protocol = true", "HTTP/1.1 200 OK")]
    [InlineData("mode = \"tcp\"\nproxy_protocol = true", "closed client connection of web: tunnel_ended, by ")]
    [InlineData("mode = \"forward\"", "there is no listener \"web\" in this configuration that a replay can run")]
    public void RecordOfAClient_RunsByWhatTheConfigurationHas(string listener, string expected)
    {
        AddExchange();
        Add(RecordKind.Fin, true, RecordDirection.FromPeer, 22, default);
        Add(RecordKind.Over, true, RecordDirection.None, 23, default);
        string text = SettingsTrial.WithListener(listener).Replace("upstream = \"app\"", listener.Contains("forward") ? "" : "upstream = \"app\"");
        Assert.Contains(expected, Replay(_file.WrittenSpan.ToArray(), SettingsTrial.Parse(text).Settings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is no record")]
    [InlineData("nativeproxy record 2\nx", "another version")]
    [InlineData("GET / HTTP/1.1\r\n", "is no record")]
    public void OtherFile_IsRefusedWithAReason(string text, string expected)
    {
        Assert.Null(RecordFile.TryRead(Encoding.ASCII.GetBytes(text), "f", out string problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    /// <summary>What a file says of its servers is not obeyed by a terminal, wherever it is printed.</summary>
    [Fact]
    public void NamesInAFile_AreShownAsText()
    {
        Add(RecordKind.Open, true, RecordDirection.None, 0, "upstream: \u001b[2Japp\nserver: \u001b]0;a\u0007\nclient_connection: 0\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.FromPeer, 2, "HTTP/1.1 200 OK\r\n\r\n"u8);
        string told = Replay();
        Assert.Contains("(\\x1b[2Japp/\\x1b]0;a\\x07)", told, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', told);
    }

    [Fact]
    public void ClientsAndNames_AreBounded()
    {
        for (int client = 0; client < RecordPlan.ClientsMax + 5; client++)
        {
            new RecordEntry(RecordKind.Open, false, RecordDirection.None, 0, client + 1, Encoding.ASCII.GetBytes($"listener: web{client}\n"))
                .WriteTo(_file);
        }
        var plan = new RecordPlan(_file.WrittenSpan[RecordEntry.FileLine.Length..]);
        Assert.Equal(RecordPlan.ClientsMax, plan.ClientCount);
        Assert.Equal(64, plan.MakeSettings().Listeners.Length);
    }

    [Fact]
    public void CutFile_IsReplayedAsFarAsItGoes()
    {
        AddExchange();
        byte[] whole = _file.WrittenSpan.ToArray();
        for (int length = RecordEntry.FileLine.Length + 1; length < whole.Length; length += 13)
            Assert.NotEmpty(Replay(whole[..length]));
        Assert.Contains("the file is cut, or damaged, 23 bytes before its end; 5 entries were read", Replay(whole[..^1]), StringComparison.Ordinal);
    }

    /// <summary>A file may be anybody's: numbers that lie, kinds that are none, bytes that are turned over.</summary>
    [Fact]
    public void DamagedFiles_AreReadToAnEnd()
    {
        AddExchange();
        AddOpen(client: 20, server: 21, "app");
        AddRelay(client: 20, server: 21, "more");
        Add(RecordKind.Message, false, RecordDirection.FromPeer, 0, "part: request\nrule: obs_fold\nbegins_with_head: 1\n\nGET / HTTP/1.1\r\n\r\n"u8);
        byte[] whole = _file.WrittenSpan.ToArray();
        var random = new Random(2026);
        for (int run = 0; run < 60; run++)
        {
            byte[] damaged = [.. whole];
            for (int change = random.Next(1, 8); change > 0; change--)
                damaged[random.Next(RecordEntry.FileLine.Length, damaged.Length)] = (byte)random.Next(256);
            Replay(damaged);
            Replay(damaged, Relaying(run % 2 == 0 ? "web" : "relay"));
        }
    }

    private string Replay() => Replay(_file.WrittenSpan.ToArray());

    private static string Replay(byte[] bytes, ProxySettings? settings = null)
    {
        RecordFile? file = RecordFile.TryRead(bytes, "f", out string problem);
        Assert.True(file is not null, problem);
        using var output = new StringWriter();
        ReplayCommand.Write(file!, settings, output);
        return output.ToString();
    }

    /// <summary>Settings with a listener of this name in mode "tcp", whose routes look at names, ports and clients.</summary>
    private static ProxySettings Relaying(string name) => SettingsTrial.Parse(SettingsTrial.WithListener("""
        mode = "tcp"
        [[route]]
        sni = ["a.example"]
        source = ["192.0.2.0/24"]
        [[route]]
        port = ["1-100"]
        """).Replace("\"web\"", $"\"{name}\"", StringComparison.Ordinal)).Settings;

    private void AddExchange()
    {
        Add(RecordKind.Open, false, RecordDirection.None, 0, "listener: web\nclient: 192.0.2.1:4000\n"u8);
        Add(RecordKind.Bytes, false, RecordDirection.FromPeer, 10, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        Add(RecordKind.Open, true, RecordDirection.None, 11, "upstream: app\nserver: a\nclient_connection: 17\n"u8);
        Add(RecordKind.Bytes, true, RecordDirection.FromPeer, 12, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);
        Add(RecordKind.Fin, false, RecordDirection.FromPeer, 20, default);
        Add(RecordKind.Over, false, RecordDirection.None, 21, default);
    }

    /// <summary>Two connections of a listener in mode "tcp" begin.</summary>
    private void AddOpen(int client, int server, string upstream)
    {
        Add(client, RecordKind.Open, false, RecordDirection.None, 30, "listener: relay\nclient: 192.0.2.1:4000\nrequests: 0\nopaque: 1\n"u8);
        Add(server, RecordKind.Open, true, RecordDirection.None, 31,
            Encoding.ASCII.GetBytes($"upstream: {upstream}\nserver: a\nuse: 1\nclient_connection: {client}\nopaque: 1\n"));
    }

    /// <summary>What went over them, and their ends.</summary>
    private void AddRelay(int client, int server, string answer)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(answer);
        Add(client, RecordKind.Bytes, false, RecordDirection.FromPeer, 40, "question\0"u8);
        Add(server, RecordKind.Bytes, true, RecordDirection.ToPeer, 40, "question\0"u8);
        Add(server, RecordKind.Bytes, true, RecordDirection.FromPeer, 50, bytes);
        Add(client, RecordKind.Bytes, false, RecordDirection.ToPeer, 50, bytes);
        Add(client, RecordKind.Fin, false, RecordDirection.FromPeer, 60, default);
        Add(server, RecordKind.Fin, true, RecordDirection.FromPeer, 61, default);
        Add(server, RecordKind.Over, true, RecordDirection.None, 62, default);
        Add(client, RecordKind.Over, false, RecordDirection.None, 62, default);
    }

    private void Add(long connection, RecordKind kind, bool isOfServer, RecordDirection direction, long ms, ReadOnlySpan<byte> payload) =>
        new RecordEntry(kind, isOfServer, direction, 1_700_000_000_000 + ms, connection, payload).WriteTo(_file);

    private void Add(RecordKind kind, bool isOfServer, RecordDirection direction, long ms, ReadOnlySpan<byte> payload) =>
        Add(isOfServer ? 18 : 17, kind, isOfServer, direction, ms, payload);
}
