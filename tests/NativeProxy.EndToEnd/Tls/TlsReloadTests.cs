using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>Certificates and keys are exchanged by SIGHUP: for new connections, all at once, or not at all.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class TlsReloadTests
{
    private const string Refused = "reload refused; the running configuration stays in force";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task NewCertificateInTheSameFile_IsForNewConnections_WhileOldOnesGoOn(int workers)
    {
        string path = TestPki.Copy(TestPki.A);
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(workers).Listener(TlsScene.Listening("", path)));
        await using TlsClient old = await scene.Connect();
        await old.Ask();
        File.Copy(TestPki.NewA, path, overwrite: true);
        await using (TlsClient before = await scene.Connect())
            Assert.Equal(TestPki.Der(TestPki.A), before.Tls.PeerCertificate);
        await scene.Proxy.Reload(static text => text);

        for (int i = 0; i < 4 * workers; i++)
        {
            await using TlsClient next = await scene.Connect();
            Assert.Equal(TestPki.Der(TestPki.NewA), next.Tls.PeerCertificate);
            Assert.Equal(200, (await next.Ask()).Status);
        }
        Assert.Equal(200, (await old.Ask()).Status);
        Assert.Equal(TestPki.Der(TestPki.A), old.Tls.PeerCertificate);
    }

    [Fact]
    public async Task FurtherCertificate_IsServedUnderItsName_AndOneThatIsGoneIsNot()
    {
        await using TlsScene scene = await TlsScene.Start(config => config.Listener(TlsScene.Listening()));
        await using (TlsClient unknown = await scene.Connect(TlsEnd.Client().Blind(), "b.test"))
            Assert.Equal(TestPki.Der(TestPki.A), unknown.Tls.PeerCertificate);
        await scene.Proxy.Reload(ProxyConfig.For(scene.Origin).Listener(TlsScene.Listening("", TestPki.A, TestPki.B)));
        await using (TlsClient known = await scene.Connect(name: "b.test"))
            Assert.Equal(TestPki.Der(TestPki.B), known.Tls.PeerCertificate);
        await scene.Proxy.Reload(ProxyConfig.For(scene.Origin).Listener(TlsScene.Listening("", TestPki.B)));
        await using TlsClient gone = await scene.Connect(TlsEnd.Client().Blind());
        Assert.Equal(TestPki.Der(TestPki.B), gone.Tls.PeerCertificate);
    }

    [Fact]
    public async Task RsaBesideEcdsa_IsForClientsThatCannotUseTheOther()
    {
        await using TlsScene scene = await TlsScene.Start(config => config.Listener(TlsScene.Listening("", TestPki.A, TestPki.RsaA)));
        await using (TlsClient modern = await scene.Connect())
            Assert.Equal(TestPki.Der(TestPki.A), modern.Tls.PeerCertificate);
        TlsEnd end = TlsEnd.Client(max: LibSsl.Tls12).With("ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256");
        await using TlsClient old = await scene.Connect(end);
        Assert.Equal(TestPki.Der(TestPki.RsaA), old.Tls.PeerCertificate);
    }

    [Fact]
    public async Task KeyOfAnotherCertificate_IsRefused_AndTheOldPairIsServed()
    {
        string path = TestPki.Copy(TestPki.A);
        await ExpectRefusal(path, () => File.WriteAllText(path, CertificateOf(TestPki.NewA) + KeyOf(TestPki.A)), path,
            "the private key is not that of the certificate CN=Leaf");
    }

    [Fact]
    public async Task FileWithoutAKey_IsRefused_AndTheOldPairIsServed()
    {
        string path = TestPki.Copy(TestPki.A);
        await ExpectRefusal(path, () => File.WriteAllText(path, CertificateOf(TestPki.NewA)), path, "private key");
    }

    [Fact]
    public async Task FileThatIsGone_IsRefused_AndTheOldPairIsServed()
    {
        string path = TestPki.Copy(TestPki.A);
        await ExpectRefusal(path, () => File.Delete(path), path, "");
    }

    [Fact]
    public async Task RevocationListOfYesterday_IsRefused_AndTheOldOneIsInForce()
    {
        string list = TestPki.Copy(TestPki.Revocations);
        await using TlsScene scene = await TlsScene.Start(config => config.Listener(TlsScene.AskingClients("required", $"crl = \"{list}\"")));
        File.Copy(TestPki.OldRevocations, list, overwrite: true);
        await scene.Proxy.Reload(static text => text);
        ExpectRefusedAt(scene.Proxy, "crl = ", list, "was valid until");
        await using TlsClient welcome = await scene.Connect(TlsEnd.Client().Showing(TestPki.Client));
        Assert.Equal(200, (await welcome.Ask()).Status);
        await using TlsClient revoked = await TlsClient.Begin(scene.Port, TlsEnd.Client().Showing(TestPki.ClientRevoked));
        Assert.Equal("sslv3 alert certificate revoked", await revoked.ExpectRefusal());
    }

    [Fact]
    public async Task NewRevocationList_IsForNewHandshakes_ResumedOnesIncluded()
    {
        string list = TestPki.Copy(TestPki.EmptyRevocations);
        await using TlsScene scene = await TlsScene.Start(config => config.Listener(TlsScene.AskingClients("required", $"crl = \"{list}\"")));
        TlsEnd end = TlsEnd.Client().Showing(TestPki.ClientRevoked);
        nint session;
        await using (TlsClient client = await scene.Connect(end))
        {
            await client.Ask();
            session = client.Tls.Session;
        }
        File.Copy(TestPki.Revocations, list, overwrite: true);
        await scene.Proxy.Reload(static text => text);
        await using TlsClient again = await TlsClient.Begin(scene.Port, end, session: session);
        Assert.Equal("sslv3 alert certificate revoked", await again.ExpectRefusal());
    }

    [Fact]
    public async Task ServerConnections_StayOverAReload_UntilWhatTheyWereVerifiedWithChanges()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Answering(TestPki.Local));
        await scene.Proxy.AskOnce();
        await scene.Proxy.Reload(static text => text.Replace("[runtime]\n", "[runtime]\ndrain_timeout = \"9s\"\n", StringComparison.Ordinal));
        Assert.DoesNotContain(Refused, scene.Proxy.Errors.Text, StringComparison.Ordinal);
        await scene.Proxy.AskOnce();
        Assert.Equal([1, 1], scene.Origin.RequestConnections);

        string both = TestPki.Copy(TestPki.Authority);
        await File.AppendAllTextAsync(both, await File.ReadAllTextAsync(TestPki.OtherAuthority));
        await scene.Proxy.Reload(text => text.Replace(TestPki.Authority, both, StringComparison.Ordinal));
        await scene.Proxy.AskOnce();
        Assert.Equal([1, 1, 2], scene.Origin.RequestConnections);
        await scene.Proxy.Reload(text => text.Replace(both, TestPki.OtherAuthority, StringComparison.Ordinal));
        Assert.Equal(502, (await scene.Proxy.AskOnce()).Status);
    }

    private static async Task ExpectRefusal(string path, Action change, string file, string words)
    {
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(2).Listener(TlsScene.Listening("", path)));
        change();
        await scene.Proxy.Reload(static text => text);
        ExpectRefusedAt(scene.Proxy, "file = ", file, words);
        for (int i = 0; i < 6; i++)
        {
            await using TlsClient client = await scene.Connect();
            Assert.Equal(TestPki.Der(TestPki.A), client.Tls.PeerCertificate);
            Assert.Equal(200, (await client.Ask()).Status);
        }
    }

    /// <summary>One line names the file and what is wrong; its place is the line of the settings that names the file.</summary>
    private static void ExpectRefusedAt(ProxyUnderTest proxy, string setting, string file, string words)
    {
        string[] lines = File.ReadAllLines(proxy.ConfigPath);
        int place = 1 + Array.FindIndex(
            lines, line => line.StartsWith(setting, StringComparison.Ordinal) && line.Contains(file, StringComparison.Ordinal));
        Assert.Contains(proxy.Errors.Lines, line => line.Contains(file, StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal)
            && line.Contains($"proxy.toml:{place}", StringComparison.Ordinal));
        Assert.Single(proxy.Errors.Lines, static line => line.Contains(Refused, StringComparison.Ordinal));
    }

    private static string CertificateOf(string path) => string.Concat(File.ReadLines(path).TakeWhile(static line => !IsKeyStart(line)).Select(Ended));

    private static string KeyOf(string path) => string.Concat(File.ReadLines(path).SkipWhile(static line => !IsKeyStart(line)).Select(Ended));

    private static bool IsKeyStart(string line) => line == "-----BEGIN PRIVATE KEY-----";

    private static string Ended(string line) => line + "\n";
}
