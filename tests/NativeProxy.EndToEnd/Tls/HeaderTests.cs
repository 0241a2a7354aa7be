using System;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>What servers hear about the TLS of a client, and about its certificate.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class HeaderTests
{
    private const string Forged = "Client-Cert: :Zm9yZ2Vk:\r\nClient-Cert-Chain: :Zm9yZ2Vk:\r\nX-SSL-Client-Verify: SUCCESS\r\n"
        + "X-SSL-Client-DN: CN=Forged\r\nX_SSL_Client_Serial: 1\r\nClient_Cert: :Zm9yZ2Vk:\r\n";

    [Fact]
    public async Task RequestThatCameOverTls_IsForwardedAsHttps()
    {
        await using TlsScene scene = await TlsScene.Start(["forwarded.forwarded = true", .. TlsScene.Listening()]);
        await using TlsClient client = await scene.Connect();
        await client.Ask();
        string request = scene.Origin.Requests[0].Request;
        Assert.Equal("https", HttpResponse.FieldOf(request, "X-Forwarded-Proto"));
        Assert.Contains("proto=https", HttpResponse.FieldOf(request, "Forwarded"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CertificateOfTheClient_IsHandedOnAsRfc9440Says()
    {
        await using TlsScene scene = await TlsScene.Start(Telling("rfc9440"));
        await using TlsClient client = await scene.Connect(TlsEnd.Client().Showing(TestPki.Client));
        await client.Ask(fields: Forged);
        Assert.Equal([$"Client-Cert: :{Convert.ToBase64String(TestPki.Der(TestPki.Client))}:"], Claims(scene));
    }

    [Fact]
    public async Task CertificateOfTheClient_IsHandedOnInTheFieldsOfOthers()
    {
        await using TlsScene scene = await TlsScene.Start(Telling("x_ssl"));
        await using TlsClient client = await scene.Connect(TlsEnd.Client().Showing(TestPki.Client));
        await client.Ask(fields: Forged);
        string[] claims = Claims(scene);
        Assert.Equal("X-SSL-Client-Verify: SUCCESS", claims[0]);
        Assert.Contains("CN=Alice", claims[1], StringComparison.Ordinal);
        Assert.Contains("CN=Test Root", claims[2], StringComparison.Ordinal);
        Assert.Contains("X-SSL-Client-SHA256: " + Convert.ToHexString(SHA256.HashData(TestPki.Der(TestPki.Client))), claims);
        Assert.Equal(6, claims.Length);
    }

    [Theory]
    [InlineData("rfc9440")]
    [InlineData("x_ssl")]
    public async Task ClientWithoutACertificate_HasNoneWhateverItSays(string headers)
    {
        await using TlsScene scene = await TlsScene.Start(Telling(headers));
        await using TlsClient client = await scene.Connect();
        await client.Ask(fields: Forged);
        Assert.Equal(headers == "x_ssl" ? ["X-SSL-Client-Verify: NONE"] : [], Claims(scene));
    }

    [Fact]
    public async Task ClaimsAboutACertificate_AreRemovedWhereNobodyIsAskedForOne()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient client = await scene.Connect();
        await client.Ask(fields: Forged);
        Assert.Empty(Claims(scene));
    }

    /// <summary>Another proxy before this one ends the TLS of clients; with _ for - it may be what its client has written.</summary>
    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 0)]
    public async Task ClaimsOfATrustedPeer_PassUnlessClientsAreAskedHere(bool asks, int count)
    {
        string[] tls = asks ? TlsScene.AskingClients("optional") : TlsScene.Listening();
        await using TlsScene scene = await TlsScene.Start(["forwarded.trusted = [\"127.0.0.1\"]", .. tls]);
        await using TlsClient client = await scene.Connect();
        await client.Ask(fields: Forged);
        Assert.Equal(count, Claims(scene).Length);
    }

    [Theory]
    [InlineData(LibSsl.Tls12)]
    [InlineData(LibSsl.Tls13)]
    public async Task ResumedSession_KeepsTheCertificate(int version)
    {
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(2).Listener(Telling("rfc9440")));
        TlsEnd end = TlsEnd.Client(version, version).Showing(TestPki.Client);
        nint session;
        await using (TlsClient first = await scene.Connect(end))
        {
            await first.Ask();
            session = first.Tls.Session;
        }
        for (int i = 0; i < 8; i++)
        {
            await using TlsClient again = await scene.Connect(end, session: session);
            Assert.True(again.Tls.IsResumed);
            await again.Ask();
        }
        string expected = $":{Convert.ToBase64String(TestPki.Der(TestPki.Client))}:";
        Assert.All(scene.Origin.Requests, item => Assert.Equal(expected, HttpResponse.FieldOf(item.Request, "Client-Cert")));
    }

    /// <summary>A session of a client that showed nothing is none of one that must show something.</summary>
    [Fact]
    public async Task SessionWithoutACertificate_IsNotResumedWhereOneIsRequired()
    {
        await using TlsScene scene = await TlsScene.Start(config => config.Listener(TlsScene.AskingClients("optional")));
        TlsEnd end = TlsEnd.Client();
        nint session;
        await using (TlsClient first = await scene.Connect(end))
        {
            await first.Ask();
            session = first.Tls.Session;
        }
        await scene.Proxy.Reload(static text => text.Replace("\"optional\"", "\"required\"", StringComparison.Ordinal));
        await using TlsClient again = await TlsClient.Begin(scene.Port, end, session: session);
        Assert.Equal("tlsv13 alert certificate required", await again.ExpectRefusal());
    }

    [Theory]
    [InlineData("a.test", 200)]
    [InlineData("A.Test:443", 200)]
    [InlineData("b.test", 421)]
    public async Task HostThatIsNotTheNameOfTheHandshake_IsMisdirected_WhereClientsShowCertificates(string host, int status)
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.AskingClients("optional", "", TestPki.A, TestPki.B));
        await using TlsClient client = await scene.Connect(TlsEnd.Client().Showing(TestPki.Client));
        Assert.Equal(status, (await client.Ask(host: host)).Status);
    }

    [Fact]
    public async Task HostThatIsNotTheNameOfTheHandshake_IsServed_WhereNobodyShowsACertificate()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening("", TestPki.A, TestPki.B));
        await using TlsClient client = await scene.Connect();
        Assert.Equal(200, (await client.Ask(host: "b.test")).Status);
    }

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.33 198.51.100.1 40000 443\r\n", "192.0.2.33")]
    [InlineData(
        "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24 \x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x33 \x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x9c\x40\x01\xbb",
        "2001:db8::33")]
    public async Task PROXYHeaderBeforeTheHandshake_NamesTheClient(string header, string address)
    {
        await using TlsScene scene = await TlsScene.Start(["proxy_protocol = true", .. TlsScene.Listening()]);
        await using TlsClient client = await TlsClient.Connect(scene.Port, before: System.Text.Encoding.Latin1.GetBytes(header));
        await client.Ask();
        string request = scene.Origin.Requests[0].Request;
        Assert.Equal((address, "https"), (HttpResponse.FieldOf(request, "X-Forwarded-For"), HttpResponse.FieldOf(request, "X-Forwarded-Proto")));
    }

    /// <summary>The server reads the header from the bare socket, and begins to speak TLS behind it.</summary>
    [Theory]
    [InlineData("v1", "PROXY TCP4 127.0.0.1 127.0.0.1 ")]
    [InlineData("v2", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01")]
    public async Task PROXYHeaderForATlsServer_StandsBeforeTheHandshake(string version, string start)
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ScriptedOrigin.Driven(), $"proxy_protocol = \"{version}\"");
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection bare = await scene.Origin.Accept();
        Assert.Equal(start, await bare.Read(start.Length));
        string ports = string.Create(CultureInfo.InvariantCulture, $"{client.LocalPort} {scene.Proxy.Port()}\r\n");
        byte[] numbers = [.. new[] { client.LocalPort, scene.Proxy.Port() }.SelectMany(static port => (byte[])[(byte)(port >> 8), (byte)port])];
        string expected = version == "v1" ? ports : System.Text.Encoding.Latin1.GetString(numbers);
        Assert.Equal(expected, await bare.Read(expected.Length));

        await using var server = new OriginConnection(bare.Socket, bare.Number, TlsEnd.Server(TestPki.Local).Secure(bare.Socket, bare.Untaken));
        await server.Answer();
        Assert.Equal("ok", (await client.ReadResponse()).Body);
    }

    private static string[] Telling(string headers) => [$"forwarded.client_certificate = \"{headers}\"", .. TlsScene.AskingClients("optional")];

    /// <summary>The lines about a certificate in the one request.</summary>
    private static string[] Claims(TlsScene scene) =>
    [
        .. scene.Origin.Requests.Single().Request.Split("\r\n").Where(static line => line.Contains("client-cert", StringComparison.OrdinalIgnoreCase)
            || line.Contains("client_cert", StringComparison.OrdinalIgnoreCase) || line.Contains("ssl", StringComparison.OrdinalIgnoreCase)),
    ];
}
