using System;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>Connections whose bytes nobody reads are recorded for their clients, listeners and routes, and run again.</summary>
[Trait("layer", "no")] // What is recorded is what lies above a layer.
[Trait("promise", "B15")]
public sealed class RecordedRelayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public RecordedRelayTests() => File.WriteAllText(TokenFile, "0123456789abcdef0123456789abcdef\n");

    private string TokenFile => Path.Combine(_folder, "token");

    private string RecordPath => Path.Combine(_folder, "web.rec");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ConnectionOfAListener_IsRecordedFromItsFirstByte_AndRunsAgain()
    {
        await using RelayScene scene = await Start(config => config.WithWorkers(2));
        (RawClient before, OriginConnection serverBefore) = await scene.Join();
        Task<FinishedCommand> recording = await Record(scene.Proxy, "--listener", "web", "--bodies");
        (RawClient client, OriginConnection server) = await scene.Join();
        await server.Send("220 hello\r\n");
        Assert.Equal("220 hello\r\n", await client.Read(11));
        await client.Send("EHLO a\r\n");
        Assert.Equal("EHLO a\r\n", await server.Read(8));
        await before.Send("nobody's");
        Assert.Equal("nobody's", await serverBefore.Read(8));
        client.Close();
        await server.ExpectFin();
        server.Close();
        string raw = await Recorded(recording);
        Assert.Contains("\nopaque: 1\n", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody's", raw, StringComparison.Ordinal);
        before.Reset();
        foreach (string[] arguments in (string[][])[["replay", RecordPath], ["replay", RecordPath, "-c", scene.Proxy.ConfigPath]])
        {
            FinishedCommand again = await ProxyBinary.Run(arguments);
            Assert.True(again.ExitCode == 0, again.Errors);
            Assert.Contains("is sent 8 bytes: EHLO a", again.Output, StringComparison.Ordinal);
            Assert.Contains("closed client connection of web: tunnel_ended", again.Output, StringComparison.Ordinal);
            Assert.Contains("closed, was sent 11 bytes, as many as recorded", again.Output, StringComparison.Ordinal);
        }
    }

    /// <summary>The name comes in two pieces; what it chooses in a replay, it chooses again.</summary>
    [Fact]
    public async Task ConnectionOfARoute_IsRecordedWithTheNameThatChoseIt()
    {
        await using ScriptedOrigin other = ScriptedOrigin.Driven();
        await using RelayScene scene = await Start(config => config.AddUpstream("other", other.Address)
            .Route("name = \"other\"", "sni = [\"b.example\"]", "upstream = \"other\"").Route("name = \"named\"", "sni = [\"a.example\"]"));
        Task<FinishedCommand> recording = await Record(scene.Proxy, "--route", "named", "--bodies");
        RawClient elsewhere = await scene.Connect();
        await elsewhere.Send(ClientHello.Of("b.example"));
        await other.Accept();
        elsewhere.Reset();

        string hello = ClientHello.Of("a.example");
        RawClient client = await scene.Connect();
        await client.Send(hello[..20]);
        await client.Send(hello[20..]);
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal(hello, await server.Read(hello.Length));
        await server.Send("answer");
        Assert.Equal("answer", await client.Read(6));
        client.Reset();
        string raw = await Recorded(recording);
        Assert.Contains(hello, raw, StringComparison.Ordinal);
        Assert.DoesNotContain("b.example", raw, StringComparison.Ordinal);
        FinishedCommand again = await ProxyBinary.Run("replay", RecordPath, "-c", scene.Proxy.ConfigPath);
        Assert.Contains("connects to app/", again.Output, StringComparison.Ordinal);
        Assert.Contains("was sent 6 bytes, as many as recorded", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientBehindABalancer_IsChosenByTheAddressInItsHeader_AndRecordedFromBehindThat()
    {
        await using RelayScene scene = await Start(config => config.Listener("proxy_protocol = true"));
        Task<FinishedCommand> recording = await Record(scene.Proxy, "--client", "192.0.2.0/24", "--bodies");
        foreach (string address in (string[])["198.51.100.7", "192.0.2.33"])
        {
            RawClient client = await scene.Connect();
            await client.Send($"PROXY TCP4 {address} 198.51.100.1 40000 80\r\nfrom {address}");
            OriginConnection server = await scene.Origin.Accept();
            Assert.Equal("from " + address, await server.Read(5 + address.Length));
            client.Reset();
        }
        string raw = await Recorded(recording);
        Assert.Contains("client: 192.0.2.33:40000\n", raw, StringComparison.Ordinal);
        Assert.Contains("from 192.0.2.33", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("PROXY", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.7", raw, StringComparison.Ordinal);
    }

    /// <summary>Its name has chosen the route before it says a word; the server speaks first.</summary>
    [Fact]
    public async Task ClientWhoseTlsEndsHere_IsRecordedInPlainBytes()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin($"write_token_file = \"{TokenFile}\"")
            .Listener("mode = \"tcp\"").Listener(TlsScene.Listening("", TestPki.A, TestPki.B)).Route("name = \"b\"", "sni = [\"b.test\"]"));
        Task<FinishedCommand> recording = await Record(proxy, "--route", "b", "--bodies");
        foreach (string name in (string[])["a.test", "b.test"])
        {
            await using TlsClient client = await TlsClient.Connect(proxy.Port(), name: name);
            OriginConnection server = await origin.Accept();
            await server.Send("220 hello\r\n");
            Assert.Equal("220 hello\r\n", await client.Http.Read(11));
            await client.Http.Send("EHLO " + name);
            Assert.Equal("EHLO " + name, await server.Read(11));
            client.Http.Reset();
        }
        string raw = await Recorded(recording);
        Assert.Contains("EHLO b.test", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("a.test", raw, StringComparison.Ordinal);
        FinishedCommand again = await ProxyBinary.Run("replay", RecordPath);
        Assert.Contains("was sent 11 bytes, as many as recorded", again.Output, StringComparison.Ordinal);
    }

    /// <summary>A recorded byte has to be read; once the limit is reached, none has to.</summary>
    [Fact]
    public async Task ConnectionWhoseRecordingIsOver_IsPassedOnWithoutBeingRead()
    {
        const int Bytes = 20_000_000;
        await using RelayScene scene = await Start(static config => config);
        Task<FinishedCommand> recording = await Record(scene.Proxy, "--listener", "web", "--bytes", "64KiB");
        (RawClient client, OriginConnection server) = await scene.Join();
        byte[] data = new byte[Bytes];
        new Random(3).NextBytes(data);
        Task<byte[]> arriving = client.ReadBytes(Bytes);
        await server.Send(data);
        Assert.True((await arriving).AsSpan().SequenceEqual(data));
        await Recorded(recording);
        Assert.Equal(ProxyConfig.Engine == "epoll", await scene.Proxy.Metric("nativeproxy_spliced_bytes_total") > 0);
        client.Reset();
    }

    private Task<RelayScene> Start(Func<ProxyConfig, ProxyConfig> change) =>
        RelayScene.Start(config => change(config.Admin($"write_token_file = \"{TokenFile}\"")));

    /// <summary>The command has begun a recording of one connection.</summary>
    private async Task<Task<FinishedCommand>> Record(ProxyUnderTest proxy, params string[] options)
    {
        Task<FinishedCommand> recording = ProxyBinary.Run(
            ["record", .. options, "--connections", "1", "--time", "20s", "-c", proxy.ConfigPath, RecordPath]);
        using var http = new HttpClient();
        await Deadline.Until(
            async () => (await http.GetStringAsync($"http://127.0.0.1:{proxy.AdminPort}/api/status")).Contains(
                "\"recording\": 1", StringComparison.Ordinal),
            () => "a recording");
        return recording;
    }

    private async Task<string> Recorded(Task<FinishedCommand> recording)
    {
        FinishedCommand recorded = await recording;
        Assert.True(recorded.ExitCode == 0, recorded.Errors);
        Assert.StartsWith("1 connections recorded", recorded.Output, StringComparison.Ordinal);
        return Encoding.Latin1.GetString(File.ReadAllBytes(RecordPath));
    }
}
