using System;
using System.IO;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples where TLS ends or begins at the proxy.</summary>
public sealed class TlsExampleTests : IDisposable
{
    private const string App = "10.0.0.1:8080";
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string Ec = "1.2.840.10045.2.1";

    private readonly ExampleAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-first.toml")]
    public async Task FirstCertificate_IsShown_AndPort80SendsThere()
    {
        const string Certbot = "127.0.0.1:8402";
        await using ExampleScene scene = await ExampleScene.Start("tls-first.toml", prepare: scene =>
        {
            Write(scene, "site.pem", ExampleAuthority.PemOf(_authority.Sign("CN=site", "site.example")));
            scene.Serve(Certbot);
        });
        SecureAnswer? answer = await new SecureVisitor(scene, _authority).Get("site.example", "/page");
        Assert.Equal(200, answer?.Status);
        string request = scene.Server(answer!.Body).LastRequest;
        Assert.Equal("https", HttpResponse.FieldOf(request, "X-Forwarded-Proto"));

        HttpResponse sent = await scene.Get("/page?a=b");
        Assert.Equal((301, "https://site.example/page?a=b"), (sent.Status, sent.Field("Location")));
        Assert.Equal(Certbot, (await scene.Get("/.well-known/acme-challenge/token")).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-several-names.toml")]
    public async Task EachName_HasItsCertificate_AndOthersNone()
    {
        await using ExampleScene scene = await ExampleScene.Start("tls-several-names.toml", prepare: scene =>
        {
            X509Certificate2 sites = _authority.Sign("CN=sites", "*.sites.example", "other.example");
            Write(scene, "one-ecdsa.pem", ExampleAuthority.PemOf(_authority.Sign("CN=one", "one.example")));
            Write(scene, "one-rsa.pem", ExampleAuthority.PemOf(_authority.SignRsa("CN=one", "one.example")));
            Write(scene, "sites.crt", sites.ExportCertificatePem() + "\n");
            Write(scene, "sites.key", ExampleAuthority.KeyPemOf(sites));
        });
        var visitor = new SecureVisitor(scene, _authority);
#pragma warning disable CA1416 // The tests run on Linux.
        var old = new SecureVisitor(scene, _authority) { Ciphers = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]) };
#pragma warning restore CA1416
        Assert.Equal(Ec, (await visitor.Get("one.example"))?.KeyKind);
        Assert.Equal(Rsa, (await old.Get("one.example"))?.KeyKind);
        Assert.Equal((200, Ec), (await visitor.Get("a.sites.example")) is { } wild ? (wild.Status, wild.KeyKind) : default);
        foreach (string name in (string[])["sites.example", "a.b.sites.example", "other.example", "three.example"])
            Assert.Null(await visitor.Get(name));
        Assert.Equal(4, await scene.Proxy.Metric("nativeproxy_client_closes_total{reason=\"tls_unknown_name\"}"));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-client-certificates.toml")]
    public async Task OnlyClientsWithACertificate_AreLetIn_AndServersLearnWho()
    {
        X509Certificate2 alice = _authority.Sign("CN=alice");
        X509Certificate2 mallory = _authority.Sign("CN=mallory");
        using var others = new ExampleAuthority();
        await using ExampleScene scene = await ExampleScene.Start("tls-client-certificates.toml", prepare: scene =>
        {
            Write(scene, "site.pem", ExampleAuthority.PemOf(_authority.Sign("CN=site", "site.example")));
            Write(scene, "clients-ca.pem", _authority.Pem);
            Write(scene, "clients-crl.pem", _authority.Revoke(mallory));
        });
        Assert.Equal(App, (await As(alice).Get("site.example"))?.Body);
        string request = scene.Server(App).LastRequest;
        Assert.Equal(("SUCCESS", "CN=alice"),
            (HttpResponse.FieldOf(request, "X-SSL-Client-Verify"), HttpResponse.FieldOf(request, "X-SSL-Client-DN")));
        Assert.Equal(421, (await As(alice).Get("site.example", host: "admin.example"))?.Status);

        foreach ((X509Certificate2? own, string reason) in new[]
        {
            (null, "tls_no_certificate"), (mallory, "tls_revoked"), (others.Sign("CN=alice"), "tls_untrusted"),
        })
        {
            Assert.Null(await As(own).Get("site.example"));
            await scene.Proxy.WaitForMetric($"nativeproxy_client_closes_total{{reason=\"{reason}\"}}", 1);
        }
        Assert.Single(scene.Server(App).Requests);

        SecureVisitor As(X509Certificate2? own) => new(scene, _authority) { Own = own };
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-to-servers.toml")]
    public async Task ServersWithTheirName_AreUsed_AndOneWithAnotherNameIsNot()
    {
        const string A = "10.0.0.1:8443";
        const string B = "10.0.0.2:8443";
        SecureServer[] servers = [];
        await using ExampleScene scene = await ExampleScene.Start("tls-to-servers.toml", without: [A, B], prepare: scene =>
        {
            Write(scene, "servers-ca.pem", _authority.Pem);
            Write(scene, "proxy.pem", ExampleAuthority.PemOf(_authority.Sign("CN=proxy")));
            servers =
            [
                new SecureServer(A, scene.Text, _authority.Sign("CN=a", "a.internal")),
                new SecureServer(B, scene.Text, _authority.Sign("CN=b", "stranger.internal")),
            ];
        });
        try
        {
            for (int i = 0; i < 4; i++)
                Assert.Equal((200, A), await scene.Get() is { } answer ? (answer.Status, answer.Body) : default);
            Assert.All(servers[0].Asked, asked => Assert.Equal("a.internal CN=proxy", asked));
            Assert.Empty(servers[1].Asked);
            Assert.NotEqual(0, await scene.Proxy.Metric("nativeproxy_server_closes_total{reason=\"tls_wrong_name\"}"));
        }
        finally
        {
            foreach (SecureServer server in servers)
                await server.DisposeAsync();
        }
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-behind-proxy-protocol.toml")]
    public async Task ProxyHeader_ComesBeforeTheHandshake()
    {
        await using ExampleScene scene = await ExampleScene.Start("tls-behind-proxy-protocol.toml", prepare: scene =>
            Write(scene, "site.pem", ExampleAuthority.PemOf(_authority.Sign("CN=site", "site.example"))));
        var balancer = new SecureVisitor(scene, _authority)
        {
            From = "10.0.9.5",
            Announcement = "PROXY TCP4 192.0.2.7 192.0.2.1 50000 443\r\n",
        };
        Assert.Equal(App, (await balancer.Get("site.example"))?.Body);
        string request = scene.Server(App).LastRequest;
        Assert.Equal(("192.0.2.7", "https"),
            (HttpResponse.FieldOf(request, "X-Forwarded-For"), HttpResponse.FieldOf(request, "X-Forwarded-Proto")));

        var stranger = new SecureVisitor(scene, _authority);
        Assert.Equal(App, (await stranger.Get("site.example"))?.Body);
        Assert.Equal("127.0.0.1", HttpResponse.FieldOf(scene.Server(App).LastRequest, "X-Forwarded-For"));
        Assert.Null(await new SecureVisitor(scene, _authority) { Announcement = balancer.Announcement }.Get("site.example"));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-tcp.toml")]
    public async Task Tls_EndsAtTheProxy_AndTheBytesInsideArePassedOn()
    {
        const string Broker = "10.0.0.1:1883";
        await using ExampleScene scene = await ExampleScene.Start("tls-tcp.toml", prepare: scene =>
            Write(scene, "mqtt.pem", ExampleAuthority.PemOf(_authority.Sign("CN=mqtt", "mqtt.example"))));
        var visitor = new SecureVisitor(scene, _authority) { Protocols = ["mqtt"] };
        Assert.Equal(Broker, (await visitor.Get("mqtt.example", "/topic", port: 8883))?.Body);
        await using RawClient plain = await scene.Connect(8883);
        await plain.SendGet();
        Assert.NotEqual(Broker, (await plain.ReadToEnd()).Text);
        await scene.Proxy.WaitForMetric("nativeproxy_client_closes_total{reason=\"tls_plain_http\"}", 1);
    }

    private static void Write(ExampleScene scene, string file, string pem) => File.WriteAllText(Path.Combine(scene.Directory, file), pem);
}
