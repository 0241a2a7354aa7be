using System;
using System.IO;
using System.Net.Http;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>What nobody may read stays out of what the flight recorder keeps and gives away, also where no message says that it is data.</summary>
[Trait("layer", "no")] // What is recorded is what lies above a layer.
[Trait("promise", "B15")]
public sealed class RecordedSecretsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public RecordedSecretsTests() => File.WriteAllText(TokenFile, "0123456789abcdef0123456789abcdef\n");

    private string TokenFile => Path.Combine(_folder, "token");

    private string RecordPath => Path.Combine(_folder, "web.rec");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task BytesThatAreNotRead_AreRecordedAsLengths()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(ProxyConfig.For(origin).Listener("mode = \"tcp\""));
        Task<FinishedCommand> recording = await Record(proxy, "--upstream", "app");
        await using (RawClient client = await proxy.Connect())
        {
            OriginConnection server = await origin.Accept();
            await Exchange(client, server);
        }
        await ExpectNothingHidden(recording);
    }

    /// <summary>To the server of a tunnel no head goes that could say so.</summary>
    [Fact]
    public async Task TunnelOfAForwardProxy_IsRecordedAsLengths_OnBothSides()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven().AsDestination();
        await using ProxyUnderTest proxy = await Start(ProxyConfig.Forward());
        Task<FinishedCommand> recording = await Record(proxy, "--listener", "web");
        await using (RawClient client = await proxy.Connect())
        {
            await client.Send($"CONNECT {origin.Address} HTTP/1.1\r\nHost: {origin.Address}\r\n\r\n");
            OriginConnection server = await origin.Accept();
            await client.ReadHead();
            await Exchange(client, server);
        }
        string raw = await ExpectNothingHidden(recording);
        Assert.Contains($"CONNECT {origin.Address} HTTP/1.1\r\n", raw, StringComparison.Ordinal);
    }

    /// <summary>Of a client and of a server whose length was too short.</summary>
    [Fact]
    public async Task RestsOfBodies_AreNotShown()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(ProxyConfig.For(origin));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);
        await client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n{\"hidden\": 1}\r\n");
        await server.ReadHead();
        await server.Read(1);
        await server.Send("hidden words\r\n\r\n");
        Assert.Equal(502, (await client.ReadResponse()).Status);
        Assert.Equal(400, (await client.ReadResponse()).Status);

        FinishedCommand shown = await ProxyBinary.Run("errors", "-c", proxy.ConfigPath, "--save", RecordPath);
        Assert.Contains("bad_method_token at byte 0", shown.Output, StringComparison.Ordinal);
        Assert.Contains("bad_status_line", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("dden", shown.Output, StringComparison.Ordinal);
        Assert.Contains("it may be the end of a body", (await ProxyBinary.Run("replay", RecordPath)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecordThatIsThere_StaysWhenTheProxyRefusesANewOne()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(ProxyConfig.For(origin));
        File.WriteAllText(RecordPath, "the last one");
        File.WriteAllText(TokenFile, "another token that the proxy does not know\n");
        FinishedCommand refused = await ProxyBinary.Run("record", "--listener", "web", "-c", proxy.ConfigPath, RecordPath);
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal("the last one", File.ReadAllText(RecordPath));
    }

    [Fact]
    public async Task RecordingWithoutRoomForItsFile_IsEnded()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(ProxyConfig.For(origin));
        FinishedCommand full = await ProxyBinary.Run("record", "--listener", "web", "-c", proxy.ConfigPath, "/dev/full");
        Assert.Equal(1, full.ExitCode);
        Assert.Contains("\"recording\": 0", await Status(proxy), StringComparison.Ordinal);
    }

    private static async Task Exchange(RawClient client, OriginConnection server)
    {
        await client.Send("hidden\r\n\r\nhidden");
        Assert.Equal("hidden\r\n\r\nhidden", await server.Read(16));
        await server.Send("hidden\r\n");
        Assert.Equal("hidden\r\n", await client.Read(8));
        server.Close();
    }

    private async Task<string> ExpectNothingHidden(Task<FinishedCommand> recording)
    {
        FinishedCommand recorded = await recording;
        Assert.True(recorded.ExitCode == 0, recorded.Errors);
        string raw = File.ReadAllText(RecordPath);
        Assert.Contains("\nopaque: 1\n", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", raw, StringComparison.Ordinal);
        return raw;
    }

    private async Task<Task<FinishedCommand>> Record(ProxyUnderTest proxy, string option, string value)
    {
        Task<FinishedCommand> recording = ProxyBinary.Run(
            "record", option, value, "--connections", "1", "--time", "20s", "-c", proxy.ConfigPath, RecordPath);
        await Deadline.Until(
            async () => (await Status(proxy)).Contains("\"recording\": 1", StringComparison.Ordinal), () => "a recording");
        return recording;
    }

    private static async Task<string> Status(ProxyUnderTest proxy)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync($"http://127.0.0.1:{proxy.AdminPort}/api/status");
    }

    private Task<ProxyUnderTest> Start(ProxyConfig config) => ProxyUnderTest.Start(config.Admin($"write_token_file = \"{TokenFile}\""));
}
