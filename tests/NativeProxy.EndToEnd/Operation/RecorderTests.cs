using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// The flight recorder: refused messages of both sides are shown with place and rule, recorded connections run again; secrets are hidden.
/// </summary>
[Trait("layer", "no")] // Commands have no layer; what is recorded is what lies above one.
[Trait("promise", "B15")]
public sealed class RecorderTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private const string BytesOfClients = "nativeproxy_bytes_total{peer=\"client\",direction=\"in\"}";

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public RecorderTests() => File.WriteAllText(TokenFile, Token + "\n");

    private string TokenFile => Path.Combine(_folder, "token");

    private string RecordPath => Path.Combine(_folder, "web.rec");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task RefusedRequest_IsShownWithPlaceRuleAndHiddenSecrets_AndReadAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send("GET /a HTTP/1.1\r\nHost: a\r\nCookie: id=hidden\r\nX : 1\r\n\r\n");
        Assert.Equal(400, (await client.ReadResponse()).Status);

        FinishedCommand shown = await ProxyBinary.Run("errors", "-c", proxy.ConfigPath, "--save", RecordPath);
        Assert.True(shown.ExitCode == 0, shown.Errors);
        Assert.Contains($"request by client 127.0.0.1:{client.LocalPort} on listener web", shown.Output, StringComparison.Ordinal);
        Assert.Contains("space_before_colon at byte 46: a blank between the name of a field and its colon (RFC 9112 5.1)", shown.Output,
            StringComparison.Ordinal);
        Assert.Contains("  00045  X : 1\\r\\n\n          ^\n", shown.Output, StringComparison.Ordinal);
        Assert.Contains("Cookie: *********\\r\\n", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", shown.Output + File.ReadAllText(RecordPath), StringComparison.Ordinal);

        FinishedCommand again = await ProxyBinary.Run("replay", RecordPath);
        Assert.Contains("RequestHeadParser after byte 47: rejected, space_before_colon", again.Output, StringComparison.Ordinal);
    }

    /// <summary>Of a server, with whose request it was for; and still when the worker that refused it is gone.</summary>
    [Fact]
    public async Task RefusedAnswer_IsShown_AlsoWhenItsWorkerHasDied()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(_ => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
        await using ProxyUnderTest proxy = await Start(origin, workers: 2);
        Assert.Equal(502, (await proxy.AskOnce()).Status);
        JsonElement before = Assert.Single((await Errors(proxy)).EnumerateArray());
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[before.GetProperty("worker").GetInt32()], LinuxSignals.Kill);
        await proxy.Errors.WaitFor(" started again");

        JsonElement message = Assert.Single((await Errors(proxy)).EnumerateArray());
        Assert.Equal(
            ("server", "response", "duplicate_content_length", 36, "web", "app", origin.Address),
            (Text(message, "side"), Text(message, "part"), Text(message, "rule"), message.GetProperty("place").GetInt32(), Text(message, "listener"),
                Text(message, "upstream"), Text(message, "server_address")));
        Assert.True(message.GetProperty("client_connection").GetInt64() > 0);
    }

    /// <summary>A body of a request and bytes that nobody asked for: the data of neither is shown.</summary>
    [Fact]
    public async Task BodiesAndUnaskedBytes_AreShownWithoutTheirData()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send(OriginConnection.Ok + "HTTP/1.1 408 Late\r\nSet-Cookie: a=hidden\r\n\r\nhidden");
        Assert.Equal(200, (await client.ReadResponse()).Status);
        await client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhidden\r\nzz\r\nhidden");
        Assert.Equal(400, (await client.ReadResponse()).Status);

        await Deadline.Until(async () => (await Errors(proxy)).GetArrayLength() == 2, () => "two messages");
        JsonElement errors = await Errors(proxy);
        Assert.Equal(["bad_chunk_size", "surplus_bytes"], errors.EnumerateArray().Select(static one => Text(one, "rule")).Order());
        string shown = (await ProxyBinary.Run("errors", "-c", proxy.ConfigPath)).Output;
        Assert.Contains("******\\r\\n", shown, StringComparison.Ordinal);
        Assert.Contains("  z*\\r\\n\n         ^\n", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecordedConnection_RunsAgain_WithTheSameAnswers()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await Start(origin, workers: 2);
        Task<FinishedCommand> recording = ProxyBinary.Run(
            "record", "--listener", "web", "--connections", "1", "--time", "20s", "-c", proxy.ConfigPath, RecordPath);
        await Deadline.Until(() => File.Exists(RecordPath), () => "the file");
        await AwaitRecording(proxy);
        await using (RawClient client = await proxy.Connect())
        {
            await client.Send("GET /1 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic c2VjcmV0\r\n\r\n");
            Assert.Equal("ok", (await client.ReadResponse()).Body);
            await client.Send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecret");
            Assert.Equal("ok", (await client.ReadResponse()).Body);
        }
        FinishedCommand recorded = await recording;
        Assert.True(recorded.ExitCode == 0, recorded.Errors);
        string raw = File.ReadAllText(RecordPath);
        Assert.Contains("Authorization: ***** ********\r\n", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", raw, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", raw, StringComparison.Ordinal);

        FinishedCommand again = await ProxyBinary.Run("replay", RecordPath, "-c", proxy.ConfigPath);
        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.Equal(2, again.Output.Split("  log: ").Length - 1);
        Assert.Contains("closed client connection of web: client_closed, by peer, 2 requests", again.Output, StringComparison.Ordinal);
        Assert.Contains("as many as recorded", again.Output, StringComparison.Ordinal);
    }

    /// <summary>The request comes in two pieces, behind one of another route and with a third request behind it.</summary>
    [Fact]
    public async Task ConnectionOfOneRoute_IsRecordedFromTheRequestOnThatTakesIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin($"write_token_file = \"{TokenFile}\"")
            .Route("name = \"api\"", "upstream = \"app\"", "path_prefix = [\"/api\"]"));
        Task<FinishedCommand> recording = ProxyBinary.Run(
            "record", "--route", "api", "--connections", "1", "--time", "20s", "-c", proxy.ConfigPath, RecordPath);
        await Deadline.Until(() => File.Exists(RecordPath), () => "the file");
        await AwaitRecording(proxy);
        Assert.Equal(200, (await proxy.AskOnce("/elsewhere")).Status);
        await using (RawClient client = await proxy.Connect())
        {
            Assert.Equal(200, (await client.Ask("/before")).Status);
            long before = await proxy.Metric(BytesOfClients);
            await client.Send("POST /api/1 HTTP/1.1\r\nHost: a\r\n");
            await Deadline.Until(async () => await proxy.Metric(BytesOfClients) > before, () => "the first piece to come");
            await client.Send("Authorization: Basic c2VjcmV0\r\nContent-Length: 6\r\n\r\nsecret");
            Assert.Equal("ok", (await client.ReadResponse()).Body);
            Assert.Equal(200, (await client.Ask("/after")).Status);
        }
        FinishedCommand recorded = await recording;
        Assert.True(recorded.ExitCode == 0, recorded.Errors);
        Assert.StartsWith("1 connections recorded", recorded.Output, StringComparison.Ordinal);
        string raw = File.ReadAllText(RecordPath);
        Assert.Contains("POST /api/1 HTTP/1.1\r\nHost: a\r\nAuthorization: ***** ********\r\n", raw, StringComparison.Ordinal);
        Assert.Contains("GET /after ", raw, StringComparison.Ordinal);
        Assert.Contains("upstream: app\n", raw, StringComparison.Ordinal);
        foreach (string absent in (string[])["/before", "/elsewhere", "secret", "c2VjcmV0"])
            Assert.DoesNotContain(absent, raw, StringComparison.Ordinal);

        FinishedCommand again = await ProxyBinary.Run("replay", RecordPath, "-c", proxy.ConfigPath);
        Assert.True(again.ExitCode == 0, again.Errors);
        Assert.Equal(2, again.Output.Split("  log: ").Length - 1);
        Assert.Contains("as many as recorded", again.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"connections": 1}""", 400)]
    [InlineData("""{"route": "api", "upstream": "app"}""", 400)]
    [InlineData("""{"route": 5}""", 400)]
    [InlineData("""{"route": ""}""", 400)]
    [InlineData("""{"route": "api"}""", 401)]
    [InlineData("""{"listener": "web", "upstream": "app"}""", 400)]
    [InlineData("""{"client": "10.0.0.0/99"}""", 400)]
    [InlineData("""{"listener": "web", "bytes": 1}""", 400)]
    [InlineData("""{"listener": "web"}""", 401)]
    public async Task RecordingsThatAreNone_OrComeWithoutTheToken_AreRefused(string body, int status)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await Start(origin);
        Assert.Equal(status, (int)await Post(proxy, "/api/recording", body, status == 401 ? "no token at all" : Token));
    }

    private static string Text(JsonElement message, string name) => message.GetProperty(name).GetString()!;

    private static async Task<JsonElement> Errors(ProxyUnderTest proxy)
    {
        using var http = new HttpClient();
        using JsonDocument answer = JsonDocument.Parse(await http.GetStringAsync($"http://127.0.0.1:{proxy.AdminPort}/api/errors"));
        return answer.RootElement.GetProperty("messages").Clone();
    }

    private static async Task<System.Net.HttpStatusCode> Post(ProxyUnderTest proxy, string path, string body, string token)
    {
        using var http = new HttpClient();
        using var content = new StringContent(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{proxy.AdminPort}{path}") { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return (await http.SendAsync(request)).StatusCode;
    }

    /// <summary>The command has begun its recording.</summary>
    private static async Task AwaitRecording(ProxyUnderTest proxy)
    {
        using var http = new HttpClient();
        await Deadline.Until(
            async () => (await http.GetStringAsync($"http://127.0.0.1:{proxy.AdminPort}/api/status")).Contains(
                "\"recording\": 1", StringComparison.Ordinal),
            () => "a recording");
    }

    private Task<ProxyUnderTest> Start(ScriptedOrigin origin, int workers = 1) =>
        ProxyUnderTest.Start(ProxyConfig.For(origin).Admin($"write_token_file = \"{TokenFile}\"").WithWorkers(workers));
}
