using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Tests.Certificates;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Pipes;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>TLS in front of the small server's requests.</summary>
public sealed class SecuredHttpServerTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TestAuthority _root = TestAuthority.Root("Root");
    private readonly Socket _listening = Peers.Listen();
    private readonly ConcurrentQueue<string> _said = new();
    private EndpointSecurity? _security;
    private SmallHttpServer? _server;

    public SecuredHttpServerTests() => _security = Made("a.test");

    public void Dispose()
    {
        _server?.Dispose();
        _root.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task RequestsInsideTls_AreAnsweredInTurn_AndTheEndIsWhole(SslProtocols version)
    {
        using Socket socket = Connect();
        await using SslStream client = await Secure(socket, version);
        Assert.Equal(version, client.SslProtocol);
        for (int i = 0; i < 3; i++)
            Assert.EndsWith($"\r\n\r\n/{i} True", await Ask(client, $"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n", 5 + 2), StringComparison.Ordinal);
        await client.WriteAsync("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        Assert.EndsWith("\r\n\r\n/last True", await new StreamReader(client).ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LargeAnswers_ArriveWhole()
    {
        using Socket socket = Connect(answerBytes: 3_000_000);
        await using SslStream client = await Secure(socket);
        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        string answer = await new StreamReader(client, Encoding.Latin1).ReadToEndAsync();
        Assert.Equal(3_000_000, answer.Length - answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4);
    }

    [Theory]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n")]
    [InlineData("\r\n")]
    [InlineData("x")]
    public async Task PlainText_IsAnsweredReadably_AndByNobodyElse(string sent)
    {
        using Socket client = Connect();
        client.SendText(sent);
        await Task.Yield();
        string answer = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nTLS is spoken here: ask by https://\n", answer, StringComparison.Ordinal);
        await ExpectSaid("admin: no TLS with 127.0.0.1: what it sent is no TLS");
    }

    /// <summary>What begins like a handshake is none that could be answered: the alert of TLS, or nothing, and the end.</summary>
    [Fact]
    public void NoiseLikeAHandshake_EndsTheConnection()
    {
        var random = new Random(5);
        for (int i = 0; i < 30; i++)
        {
            byte[] noise = new byte[random.Next(5, 600)];
            random.NextBytes(noise);
            noise[0] = 22;
            (noise[1], noise[2]) = (3, 1);
            (noise[3], noise[4]) = (0, (byte)Math.Min(noise.Length - 5, 200));
            using Socket client = Connect();
            client.Send(noise);
            client.Shutdown(SocketShutdown.Send);
            Assert.InRange(client.ReadToEnd().Length, 0, 100);
        }
    }

    /// <summary>Nothing, the beginning of a record, all of it but for its last byte: 10 seconds for all of the handshake.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task ClientThatDoesNotFinishItsHandshake_IsLetGo(int sentBytes)
    {
        using Socket client = Connect();
        client.Send(new byte[] { 22, 3, 1, 0, 200, 1, 0 }, sentBytes, SocketFlags.None);
        await Waiting.Until(() => !HasUnread(client), () => "the server reads what was sent");
        await _time.UntilNextDue(10_000);
        _time.AdvanceTo(9_999);
        Assert.False(client.Poll(0, SelectMode.SelectRead));
        _time.AdvanceTo(10_000);
        client.ReadToEnd();
        await _time.UntilNextDue(null);

        // Who sends nothing has begun none.
        await ExpectSaid(sentBytes == 0 ? [] : ["admin: no TLS with 127.0.0.1: its handshake was not done in time"]);
    }

    /// <summary>From then on the limits are those of requests.</summary>
    [Fact]
    public async Task ClientThatIsSilentBehindItsHandshake_IsLetGoLater()
    {
        using Socket socket = Connect();
        await using SslStream client = await Secure(socket);
        await _time.UntilNextDue(60_000);
        _time.AdvanceTo(60_000);
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task SilentConnections_CountAsPlaces_AndGiveWay()
    {
        Serve(placesMax: 2);
        Socket[] silent = [.. Enumerable.Range(0, 6).Select(_ => Peers.Connect(_listening))];
        using Socket socket = Peers.Connect(_listening);
        await using SslStream client = await Secure(socket);
        Assert.EndsWith("/x True", await Ask(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 7), StringComparison.Ordinal);
        Assert.All(silent[..5], static one => Assert.Equal(SocketError.Success, one.ReadToError()));
        Array.ForEach(silent, static one => one.Dispose());
    }

    [Fact]
    public async Task OtherCertificate_IsForNewConnections_WhileOldOnesGoOn()
    {
        using Socket first = Connect();
        await using SslStream old = await Secure(first);
        X509Certificate before = old.RemoteCertificate!;
        _security = Made("b.test");
        using Socket second = Peers.Connect(_listening);
        await using SslStream next = await Secure(second);
        Assert.NotEqual(before.GetRawCertData(), next.RemoteCertificate!.GetRawCertData());
        Assert.EndsWith("/x True", await Ask(old, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 7), StringComparison.Ordinal);
        Assert.EndsWith("/y True", await Ask(next, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n", 7), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionFromBeforeTls_StaysWhatItIs()
    {
        _security = null;
        using Socket client = Connect();
        client.SendText("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("/x False", client.ReadMessage().Body);
        _security = Made("a.test");
        client.SendText("GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("/y False", client.ReadMessage().Body);
        using Socket socket = Peers.Connect(_listening);
        await using SslStream next = await Secure(socket);
        Assert.EndsWith("/z True", await Ask(next, "GET /z HTTP/1.1\r\nHost: a\r\n\r\n", 7), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatEnds_LeavesNoHandshake()
    {
        using Socket silent = Connect();
        using Socket begun = Peers.Connect(_listening);
        begun.Send(new byte[] { 22, 3, 1, 0, 200 });
        await Waiting.Until(() => _time.DueCount(10_000) == 2, () => "two handshakes to begin");
        _server!.Dispose();
        await _time.UntilNextDue(null);
        Assert.True(_server.Ended.IsCompleted);
        Assert.Empty(_said);
    }

    [Fact]
    public async Task HandshakeThatFails_IsTold_WithTheReason()
    {
        using Socket socket = Connect();
        await using var client = new SslStream(new NetworkStream(socket));
        await Assert.ThrowsAnyAsync<Exception>(() => client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "a.test", ApplicationProtocols = [SslApplicationProtocol.Http2],
        }));
        await Waiting.Until(() => !_said.IsEmpty, () => "a line");
        Assert.Matches("^admin: no TLS with 127[.]0[.]0[.]1: [a-z ]+$", Assert.Single(_said));
    }

    [Fact]
    public async Task ClientThatClosesWithinItsHandshake_IsTold_AndOneThatOnlyConnects_IsNot()
    {
        using (Socket silent = Connect())
        {
            silent.Shutdown(SocketShutdown.Send);
            silent.ReadToEnd();
        }
        using Socket client = Peers.Connect(_listening);
        client.Send(new byte[] { 22, 3, 1, 0, 200 });
        client.Shutdown(SocketShutdown.Send);
        await ExpectSaid("admin: no TLS with 127.0.0.1: it closed within the handshake");
    }

    [Fact]
    public async Task ManyThatFail_AreOneLineASecond_AndTheOthersAreCounted()
    {
        const string Line = "admin: no TLS with 127.0.0.1: what it sent is no TLS";
        for (int i = 0; i < 5; i++)
            FailOnce();
        await ExpectSaid(Line);
        _time.AdvanceTo(999);
        FailOnce();
        _time.AdvanceTo(1000);
        FailOnce();
        _time.AdvanceTo(3000);
        FailOnce();
        await ExpectSaid(Line, Line + "; 5 more failed since the last line", Line);

        void FailOnce()
        {
            using Socket client = Connect();
            client.SendText("x");

            // The answer comes when it has been told.
            client.ReadToEnd();
        }
    }

    private EndpointSecurity Made(params string[] names)
    {
        (string leaf, string key) = _root.Leaf(names);
        return new EndpointSecurity(SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(leaf, key), null, offline: true), [.. names]);
    }

    /// <summary>What the server's side of the connection has in its socket, as the kernel shows it.</summary>
    private static bool HasUnread(Socket client)
    {
        string remote = $" 0100007F:{((IPEndPoint)client.LocalEndPoint!).Port:X4} 01 ";
        const int SendQueueChars = 9;
        const int QueueChars = 8;
        return File.ReadLines("/proc/net/tcp").Any(line => line.IndexOf(remote, StringComparison.Ordinal) is >= 0 and int at
            && line.AsSpan(at + remote.Length + SendQueueChars, QueueChars).ContainsAnyExcept('0'));
    }

    private Socket Connect(int answerBytes = 0)
    {
        if (_server is null)
            Serve(100, answerBytes);
        return Peers.Connect(_listening);
    }

    private void Serve(int placesMax, int answerBytes = 0) =>
        _server = SmallHttpServer.Start(_listening, new Echo(answerBytes), placesMax, _time, () => _security, _said.Enqueue);

    private async Task ExpectSaid(params string[] lines) =>
        await Waiting.Until(() => _said.SequenceEqual(lines), () => $"{string.Join(" | ", lines)}, and there is {string.Join(" | ", _said)}");

    private static async Task<SslStream> Secure(Socket socket, SslProtocols versions = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        var client = new SslStream(new NetworkStream(socket));
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "a.test", EnabledSslProtocols = versions, RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        });
        return client;
    }

    /// <summary>One question; the answer as far as the end of a body of so many bytes.</summary>
    private static async Task<string> Ask(SslStream client, string request, int bodyBytes)
    {
        await client.WriteAsync(Encoding.ASCII.GetBytes(request));
        var answer = new StringBuilder();
        byte[] room = new byte[1];
        while (!answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
            answer.Append((char)(await client.ReadAsync(room) == 1 ? room[0] : throw new IOException("the answer is cut")));
        byte[] body = new byte[bodyBytes];
        await client.ReadExactlyAsync(body);
        return answer.Append(Encoding.ASCII.GetString(body)).ToString();
    }

    /// <summary>Answers with the target, and whether it was asked inside TLS; or with so many bytes.</summary>
    private sealed class Echo(int answerBytes) : IResponder
    {
        public SmallResponse Respond(in SmallRequest request) => new(200, "text/plain", answerBytes > 0
            ? new byte[answerBytes]
            : Encoding.ASCII.GetBytes($"{Encoding.ASCII.GetString(request.Target)} {request.Security is not null}"));

        public bool IsProbe(ReadOnlySpan<byte> target) => target.SequenceEqual("/probe"u8);
    }
}
