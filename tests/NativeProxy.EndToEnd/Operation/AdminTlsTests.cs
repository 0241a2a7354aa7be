using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The admin endpoint inside TLS: what is served, what becomes of its certificate, and that the commands speak it.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class AdminTlsTests : IAsyncLifetime
{
    private const string Token = "0123456789abcdef0123456789abcdef";
    private const string Shown = $"Authorization: Bearer {Token}\r\n";

    private readonly string _tokenFile = Path.GetTempFileName();
    private readonly string _certificate = TestPki.Copy(TestPki.A);
    private readonly ScriptedOrigin _origin = ScriptedOrigin.Answering();

    private string[] Lines => [$"write_token_file = \"{_tokenFile}\"", $"certificate = \"{_certificate}\""];

    public Task InitializeAsync() => File.WriteAllTextAsync(_tokenFile, Token + "\n");

    public async Task DisposeAsync()
    {
        File.Delete(_tokenFile);
        await _origin.DisposeAsync();
    }

    [Theory]
    [InlineData(1, LibSsl.Tls12)]
    [InlineData(2, LibSsl.Tls13)]
    [InlineData(0, LibSsl.Tls13)]
    public async Task AllThatTheEndpointHas_IsServedInsideTls_AndTheRestIsRefused(int workers, int version)
    {
        await using ProxyUnderTest proxy = await Start(workers);
        TlsEnd end = TlsEnd.Client(version, version);
        await using (TlsClient client = await TlsClient.Connect(proxy.AdminPort, end))
        {
            Assert.Equal(TestPki.Der(TestPki.A), client.Tls.PeerCertificate);
            Assert.Equal("ok\n", (await client.Ask("/health")).Body);
            string metrics = (await client.Ask("/metrics")).Body;
            Assert.Contains("nativeproxy_requests_total 0\n", metrics, StringComparison.Ordinal);
            Assert.Contains($"nativeproxy_tls_certificate_file_changed{{endpoint=\"admin\",file=\"{_certificate}\",name=\"a.test\"", metrics,
                StringComparison.Ordinal);
            Assert.Equal(200, (await client.Ask("/closes")).Status);
            Assert.Contains("<!DOCTYPE html>", (await client.Ask("/", "Accept: text/html\r\n")).Body, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(200, (await client.Ask("/api/status", host: "a.test:9901")).Status);
            Assert.Equal(200, (await client.Ask("/api/config", Shown, $"127.0.0.1:{proxy.AdminPort}")).Status);
            Assert.Equal(401, (await client.Ask("/api/config")).Status);
            Assert.Equal(403, (await client.Ask("/api/status", host: "rebound.example")).Status);
            Assert.Equal(403, (await client.Ask("/api/status", "Origin: http://a.test\r\n")).Status);
            Assert.Equal(200, (await client.Ask("/api/status", "Origin: https://a.test\r\n")).Status);
        }
        await using RawClient plain = await RawClient.Connect(proxy.AdminPort);
        HttpResponse refused = await plain.Ask("/health");
        Assert.Equal((400, "TLS is spoken here: ask by https://\n"), (refused.Status, refused.Body));
        await plain.ExpectFin();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task RenewedCertificate_IsForNewConnectionsAfterAReload(int workers)
    {
        await using ProxyUnderTest proxy = await Start(workers);
        await using TlsClient old = await TlsClient.Connect(proxy.AdminPort);
        Assert.Equal("ok\n", (await old.Ask("/health")).Body);
        Renew();
        await using (TlsClient before = await TlsClient.Connect(proxy.AdminPort))
            Assert.Equal(TestPki.Der(TestPki.A), before.Tls.PeerCertificate);

        // A command knows the endpoint by its certificate, and shows its token to nobody else.
        FinishedCommand stranger = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.Equal(1, stranger.ExitCode);
        Assert.Contains($"shows another certificate than that in {_certificate}", stranger.Errors, StringComparison.Ordinal);
        Assert.Contains("SIGHUP", stranger.Errors, StringComparison.Ordinal);

        await proxy.Reload(static text => text);
        Assert.Contains($"reloaded: exchanged {_certificate}", proxy.Errors.Text, StringComparison.Ordinal);
        await using (TlsClient next = await TlsClient.Connect(proxy.AdminPort))
        {
            Assert.Equal(TestPki.Der(TestPki.NewA), next.Tls.PeerCertificate);
            Assert.Equal("ok\n", (await next.Ask("/health")).Body);
        }
        Assert.Equal("ok\n", (await old.Ask("/health")).Body);
        Assert.Equal(0, (await ProxyBinary.Run("status", "-c", proxy.ConfigPath)).ExitCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task CertificateThatCannotBeUsed_IsRefusedWithItsPlace_AndTheOldOneIsServed(int workers)
    {
        await using ProxyUnderTest proxy = await Start(workers);
        string[] lines = await File.ReadAllLinesAsync(_certificate);
        int key = Array.FindIndex(lines, static line => line.Contains("PRIVATE KEY", StringComparison.Ordinal));
        await File.WriteAllLinesAsync(_certificate, lines[..key]);
        await proxy.Reload(static text => text);
        Assert.Contains("reload refused; the running configuration stays in force", proxy.Errors.Text, StringComparison.Ordinal);
        ExpectPlace(proxy.ConfigPath, proxy.Errors.Text);
        await using (TlsClient client = await TlsClient.Connect(proxy.AdminPort))
            Assert.Equal(TestPki.Der(TestPki.A), client.Tls.PeerCertificate);

        // Nor would it be started with.
        FinishedCommand check = await ProxyBinary.Run("check", "--full", "-c", proxy.ConfigPath);
        Assert.Equal(2, check.ExitCode);
        ExpectPlace(proxy.ConfigPath, check.Errors);
        FinishedCommand run = await ProxyBinary.Run("run", "-c", proxy.ConfigPath);
        Assert.Equal(2, run.ExitCode);
        ExpectPlace(proxy.ConfigPath, run.Errors);
    }

    [Fact]
    public async Task Commands_SpeakTls_AndNeedNoKey()
    {
        string key = TestPki.Copy(TestPki.A);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(_origin).Admin([.. Lines, $"key = \"{key}\""]));
        File.Delete(key);
        string[][] commands =
        [
            ["status"], ["server", "drain", "app/a"], ["save", "--dry-run"], ["server", "ready", "app/a"], ["sessions"], ["errors"],
        ];
        foreach (string[] command in commands)
        {
            FinishedCommand done = await ProxyBinary.Run([.. command, "-c", proxy.ConfigPath]);
            Assert.True(done.ExitCode == 0, $"{command[0]}: {done.ExitCode} {done.Errors}");
        }
        File.Copy(TestPki.A, key);
        FinishedCommand reload = await ProxyBinary.Run("reload", "--wait", "-c", proxy.ConfigPath);
        Assert.True(reload.ExitCode == 0, reload.Errors);
        File.Delete(_certificate);
        FinishedCommand without = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.Equal(1, without.ExitCode);
        Assert.StartsWith($"{_certificate} cannot be read: ", without.Errors, StringComparison.Ordinal);
    }

    /// <summary>A line that has left the file must not have a token sent in plain text to where TLS was spoken.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task TlsBegins_ByAReload_AndEndsByARestartOnly(int workers)
    {
        string line = $"certificate = \"{_certificate}\"";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(_origin).WithWorkers(Math.Max(workers, 1)).Admin(Lines[0]), Options(workers));
        await using RawClient old = await RawClient.Connect(proxy.AdminPort);
        Assert.Equal(200, (await old.Ask("/health")).Status);
        string plain = await File.ReadAllTextAsync(proxy.ConfigPath);
        string secured = plain.Replace(Lines[0], Lines[0] + "\n" + line, StringComparison.Ordinal);
        await File.WriteAllTextAsync(proxy.ConfigPath, secured);
        FinishedCommand early = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.Equal(1, early.ExitCode);
        Assert.Contains("does not speak TLS", early.Errors, StringComparison.Ordinal);
        Assert.Contains("SIGHUP", early.Errors, StringComparison.Ordinal);

        await proxy.Reload(static text => text);
        await using (TlsClient client = await TlsClient.Connect(proxy.AdminPort))
            Assert.Equal("ok\n", (await client.Ask("/health")).Body);
        Assert.Equal(200, (await old.Ask("/health")).Status);
        Assert.Equal(0, (await ProxyBinary.Run("status", "-c", proxy.ConfigPath)).ExitCode);

        await proxy.Reload(_ => plain);
        Assert.Contains("admin.certificate is taken away with a restart only", proxy.Errors.Text, StringComparison.Ordinal);
        await using (TlsClient client = await TlsClient.Connect(proxy.AdminPort))
            Assert.Equal("ok\n", (await client.Ask("/health")).Body);
        FinishedCommand late = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.Equal((1, "TLS is spoken here: ask by https://\n"), (late.ExitCode, late.Errors));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Upgrade_GoesOnWithTls_ByTheFilesAsTheyAre(int workers)
    {
        await using ProxyUnderTest proxy = await Start(workers);
        Renew();
        Assert.True(await proxy.Upgrade());
        await using (TlsClient client = await TlsClient.Connect(proxy.AdminPort))
        {
            Assert.Equal(TestPki.Der(TestPki.NewA), client.Tls.PeerCertificate);
            Assert.Equal("ok\n", (await client.Ask("/health")).Body);
        }
        FinishedCommand status = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.True(status.ExitCode == 0, status.Errors);
        Assert.True(await proxy.Upgrade(async () =>
        {
            FinishedCommand again = await ProxyBinary.Run("upgrade", "-c", proxy.ConfigPath);
            Assert.True(again.ExitCode == 0, again.Errors);
        }));
    }

    /// <summary>Beside silent ones and ones whose handshake stays halfway, whoever asks finds a place.</summary>
    [Fact]
    public async Task ConnectionsWithoutAHandshake_BlockNobody()
    {
        await using ProxyUnderTest proxy = await Start(1);
        var silent = new RawClient[150];
        for (int i = 0; i < silent.Length; i++)
        {
            silent[i] = await RawClient.Connect(proxy.AdminPort);
            if (i % 2 == 0)
                await silent[i].Send("\u0016\u0003\u0001\u0000");
        }
        for (int i = 0; i < 5; i++)
        {
            await using TlsClient client = await TlsClient.Connect(proxy.AdminPort);
            Assert.Equal("ok\n", (await client.Ask("/health")).Body);
        }
        foreach (RawClient client in silent)
            await client.DisposeAsync();
    }

    [Theory]
    [InlineData(1, LibSsl.Tls12)]
    [InlineData(0, LibSsl.Tls13)]
    public async Task HandshakesThatFail_AreInTheLog_WithClientAndReason(int workers, int version)
    {
        await using ProxyUnderTest proxy = await Start(workers);
        await using (RawClient plain = await RawClient.Connect(proxy.AdminPort))
            Assert.Equal(400, (await plain.Ask("/health")).Status);
        await proxy.Errors.WaitFor("admin: no TLS with 127.0.0.1: what it sent is no TLS");
        await ExpectSaid(": it closed within the handshake", async () =>
        {
            await using RawClient noise = await RawClient.Connect(proxy.AdminPort);
            await noise.Send("\u0016\u0003\u0001\u0000");
        });
        await ExpectSaid(": what it sent is no handshake", async () =>
        {
            await using RawClient noise = await RawClient.Connect(proxy.AdminPort);
            await noise.Send("\u0016 begins garbage, and not what it says");
        });
        await ExpectSaid(": unknown ca", async () =>
        {
            await using TlsClient stranger = await TlsClient.Begin(proxy.AdminPort, TlsEnd.Stranger(version, version));
            await Assert.ThrowsAsync<TlsFailure>(() => Deadline.For(stranger.Tls.Secured, () => "a handshake to fail"));
        });

        // One line in a second: until it is this one's turn.
        Task ExpectSaid(string line, Func<Task> fail) => Deadline.Until(
            async () =>
            {
                await fail();
                return proxy.Errors.Text.Contains(line, StringComparison.Ordinal);
            },
            () => $"{line} in {proxy.Errors.Text}");
    }

    /// <summary>No workers = one process does all.</summary>
    private Task<ProxyUnderTest> Start(int workers) =>
        ProxyUnderTest.Start(ProxyConfig.For(_origin).WithWorkers(Math.Max(workers, 1)).Admin(Lines), Options(workers));

    /// <summary>Its file holds another certificate from now on.</summary>
    private void Renew() => File.Copy(TestPki.NewA, _certificate, overwrite: true);

    private static string[] Options(int workers) => workers == 0 ? ["--single-process"] : [];

    /// <summary>The line of the key, and what is wrong.</summary>
    private void ExpectPlace(string configPath, string said)
    {
        int line = File.ReadAllLines(configPath).ToList().FindIndex(static text => text.StartsWith("certificate = ", StringComparison.Ordinal)) + 1;
        Assert.Contains($"{configPath}:{line}:", said, StringComparison.Ordinal);
        Assert.Contains($"{_certificate} has no private key", said, StringComparison.Ordinal);
    }
}
