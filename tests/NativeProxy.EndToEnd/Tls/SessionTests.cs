using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>Clients that come back with the session of an earlier connection: where they are known, and where they must not be.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class SessionTests
{
    private const int Comebacks = 12;

    /// <summary>With tickets and two workers: enough comebacks that both have seen some.</summary>
    [Theory]
    [Trait("promise", "B19")]
    [InlineData(LibSsl.Tls12, "")]
    [InlineData(LibSsl.Tls13, "")]
    [InlineData(LibSsl.Tls12, "tickets = false\nsession_cache = 100")]
    [InlineData(LibSsl.Tls13, "tickets = false\nsession_cache = 100")]
    public async Task SessionOfOneName_IsNeverResumedUnderAnother(int version, string line)
    {
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(2).Listener(TlsScene.Listening(line, TestPki.A, TestPki.B)));
        TlsEnd end = TlsEnd.Client(version, version);
        nint session = await SessionOf(scene, end);
        for (int i = 0; i < Comebacks; i++)
        {
            await using TlsClient other = await scene.Connect(end, "b.test", session);
            Assert.False(other.Tls.IsResumed);
            Assert.Equal(TestPki.Der(TestPki.B), other.Tls.PeerCertificate);
            Assert.Equal(200, (await other.Ask(host: "b.test")).Status);
        }
        Assert.Equal(0, await scene.Handshakes("resumed"));
    }

    /// <summary>Who asks for no name is served by the first certificate.</summary>
    [Fact]
    [Trait("promise", "B19")]
    public async Task SessionOfTheSecondName_IsNotResumedWithoutAName()
    {
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(2).Listener(TlsScene.Listening("", TestPki.A, TestPki.B)));
        TlsEnd end = TlsEnd.Client();
        nint session = await SessionOf(scene, end, "b.test");
        await using TlsClient nameless = await scene.Connect(end, name: null, session);
        Assert.False(nameless.Tls.IsResumed);
        Assert.Equal(TestPki.Der(TestPki.A), nameless.Tls.PeerCertificate);
    }

    [Theory]
    [InlineData(LibSsl.Tls12)]
    [InlineData(LibSsl.Tls13)]
    public async Task SessionOfOneWorker_IsResumedByBoth(int version)
    {
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(2).Listener(TlsScene.Listening()));
        TlsEnd end = TlsEnd.Client(version, version);
        nint session = await SessionOf(scene, end);
        for (int i = 0; i < Comebacks; i++)
            await ExpectComeback(scene, end, session, isResumed: true);
        Assert.Equal((1, Comebacks), (await scene.Handshakes("full"), await scene.Handshakes("resumed")));
    }

    [Fact]
    public async Task Reload_KeepsTheSessionsOfClients()
    {
        await using TlsScene scene = await TlsScene.Start(config => config.WithWorkers(2).Listener(TlsScene.Listening()));
        TlsEnd end = TlsEnd.Client();
        nint session = await SessionOf(scene, end);
        await scene.Proxy.Reload(static text => text.Replace("enabled = true", "enabled = true\ngroups = [\"X25519\"]", StringComparison.Ordinal));
        Assert.Contains(" reloaded: ", scene.Proxy.Errors.Text, StringComparison.Ordinal);
        for (int i = 0; i < Comebacks; i++)
            await ExpectComeback(scene, end, session, isResumed: true);
    }

    /// <summary>Tickets of the key before are taken, those of the one before that are not: at some time a ticket is one of those.</summary>
    [Fact]
    public async Task Rotation_LetsATicketEnd_AndNewOnesAreTaken()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening("ticket_rotation = \"1s\""));
        TlsEnd end = TlsEnd.Client();
        nint old = await SessionOf(scene, end);
        await Deadline.Until(
            async () =>
            {
                await using TlsClient client = await scene.Connect(end, session: old);
                return !client.Tls.IsResumed;
            },
            () => "the ticket to end");

        // Whatever the time is: a ticket outlives one rotation, and there are not two of them in a moment.
        await Deadline.Until(
            async () =>
            {
                nint session = await SessionOf(scene, end);
                await using TlsClient client = await scene.Connect(end, session: session);
                return client.Tls.IsResumed;
            },
            () => "a new ticket to be taken");
    }

    [Fact]
    public async Task KeysOfAFile_KeepSessionsOverARestart_AndOtherKeysDoNot()
    {
        string keys = TestPki.Copy(TestPki.A);
        await File.WriteAllBytesAsync(keys, RandomNumberGenerator.GetBytes(80));
        TlsEnd end = TlsEnd.Client();
        nint session;
        await using (TlsScene first = await TlsScene.Start(TlsScene.Listening($"ticket_keys = \"{keys}\"")))
            session = await SessionOf(first, end);
        await using (TlsScene second = await TlsScene.Start(TlsScene.Listening($"ticket_keys = \"{keys}\"")))
            await ExpectComeback(second, end, session, isResumed: true);
        await using TlsScene third = await TlsScene.Start(TlsScene.Listening());
        await ExpectComeback(third, end, session, isResumed: false);
    }

    [Theory]
    [InlineData("haproxy")]
    [InlineData("json")]
    public async Task AccessLog_SaysWhatTheHandshakeHasSettled(string format)
    {
        await using TlsScene scene = await TlsScene.Start(
            config => config.Log("access = \"stdout\"", $"format = \"{format}\"").Listener(TlsScene.Listening()));
        TlsEnd end = TlsEnd.Client(min: LibSsl.Tls13).With("ALL", "TLS_AES_128_GCM_SHA256");
        nint session = await SessionOf(scene, end);
        await ExpectComeback(scene, end, session, isResumed: true);
        await using (TlsClient nameless = await scene.Connect(end, name: null))
            await nameless.Ask();
        string[] lines = [.. await scene.Proxy.Output.WaitForCount(3)];

        (string Resumed, string? Name)[] expected = [("full", "a.test"), ("resumed", "a.test"), ("full", null)];
        foreach ((string line, (string resumed, string? name)) in lines.Zip(expected))
        {
            if (format == "haproxy")
            {
                Assert.Contains($" tls=TLSv1.3/TLS_AES_128_GCM_SHA256/{resumed}/{name ?? "-"}", line, StringComparison.Ordinal);
                continue;
            }
            JsonElement fields = JsonDocument.Parse(line).RootElement;
            Assert.Equal(
                ("TLSv1.3", "TLS_AES_128_GCM_SHA256", resumed == "resumed", name),
                (fields.GetProperty("tls_version").GetString(), fields.GetProperty("tls_cipher").GetString(),
                    fields.GetProperty("tls_resumed").GetBoolean(), fields.GetProperty("tls_name").GetString()));
        }
    }

    [Fact]
    public async Task ServerConnection_ResumesTheSessionOfTheLastOne()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Answering(TestPki.Local), "keepalive.enabled = false");
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await scene.Proxy.AskOnce()).Status);
        Assert.Equal((1, 2), (await scene.Handshakes("full"), await scene.Handshakes("resumed")));
    }

    /// <summary>A full handshake and one GET; the ticket comes before the answer.</summary>
    private static async Task<nint> SessionOf(TlsScene scene, TlsEnd end, string name = "a.test")
    {
        await using TlsClient client = await scene.Connect(end, name);
        Assert.Equal(200, (await client.Ask(host: name)).Status);
        return client.Tls.Session;
    }

    private static async Task ExpectComeback(TlsScene scene, TlsEnd end, nint session, bool isResumed)
    {
        await using TlsClient client = await scene.Connect(end, session: session);
        Assert.Equal(isResumed, client.Tls.IsResumed);
        Assert.Equal(200, (await client.Ask()).Status);
    }
}
