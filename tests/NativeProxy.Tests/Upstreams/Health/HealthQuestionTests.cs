using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>What a check asks and how it judges the answer, against a server that is a blocking socket of the test.</summary>
public sealed class HealthQuestionTests : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Socket _listener = Peers.Listen();

    public void Dispose()
    {
        _over.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public async Task TlsCheck_SendsAClientHello_ThatARealServerAnswers()
    {
        (CheckResult result, byte[] hello) = await Ask(new TlsQuestion("example.org"), Hex("160303003102000"));

        Assert.Equal(("it speaks TLS", true), (result.Text, result.Passed));
        Assert.Equal((22, 3, 1), (hello[0], hello[1], hello[5]));
        Assert.Equal(hello.Length - 5, (hello[3] << 8) | hello[4]);
        Assert.Equal(hello.Length - 9, (hello[7] << 8) | hello[8]);
        Assert.Contains("example.org", Encoding.Latin1.GetString(hello), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("160303", false, null)]
    [InlineData("16030300310", false, null)]
    [InlineData("160303003102", false, true)]
    [InlineData("15030300020246", false, true)]
    [InlineData("160303003101", false, false)]
    [InlineData("485454502F312E31", false, false)]
    [InlineData("16", true, false)]
    [InlineData("1602", false, false)]
    public void TlsAnswer_IsAServerHelloOrAnAlert(string bytes, bool isAll, bool? passed) =>
        Assert.Equal(passed, TlsQuestion.Judge(Hex(bytes), isAll)?.Passed);

    [Theory]
    [InlineData("+PONG\r\n", "it says what is expected", true)]
    [InlineData("-LOADING\r\n+PONG", "it says what is expected", true)]
    [InlineData("-LOADING\r\n", "it does not say what is expected", false)]
    [InlineData("", "it closes the connection without an answer", false)]
    public async Task TcpCheck_ExpectsAText(string answer, string text, bool passed)
    {
        (CheckResult result, byte[] asked) = await Ask(new TcpQuestion("PING\r\n", "+PONG"), Encoding.Latin1.GetBytes(answer));

        Assert.Equal((text, passed, "PING\r\n"), (result.Text, result.Passed, Encoding.Latin1.GetString(asked)));
    }

    [Theory]
    [InlineData("up 100%", CheckOutcome.AgentUp)]
    [InlineData("READY,UP # all well", CheckOutcome.AgentUp)]
    [InlineData("75%", CheckOutcome.AgentUp)]
    [InlineData("up drain", CheckOutcome.Leaving)]
    [InlineData("0%", CheckOutcome.Leaving)]
    [InlineData("ready maint", CheckOutcome.AgentDown)]
    [InlineData("stopped\tup", CheckOutcome.AgentDown)]
    [InlineData("fail #up", CheckOutcome.AgentDown)]
    [InlineData("", CheckOutcome.WrongWords)]
    [InlineData("# up", CheckOutcome.WrongWords)]
    [InlineData("hello 300%", CheckOutcome.AgentUp)]
    [InlineData("up 00%", CheckOutcome.Leaving)]
    [InlineData("%", CheckOutcome.WrongWords)]
    [InlineData("-5%", CheckOutcome.WrongWords)]
    [InlineData("99999999999%", CheckOutcome.WrongWords)]
    public void WordsOfAnAgent_AreReadAsHaproxyReadsThem(string line, object outcome) => Assert.Equal(outcome, AgentQuestion.Read(line).Outcome);

    [Theory]
    [InlineData("up", 0)]
    [InlineData("75%", 75)]
    [InlineData("ready,1%", 1)]
    [InlineData("up 300%", 100)]
    [InlineData("up 10% 20%", 20)]
    [InlineData("up 99999999999%", 0)]
    [InlineData("down 50%", 0)]
    public void PercentageOfAnAgent_IsThatOfTheWeight(string line, int percent) => Assert.Equal(percent, AgentQuestion.Read(line).WeightPercent);

    [Fact]
    public async Task AgentThatSaysNothing_HasNotAnswered()
    {
        (CheckResult result, _) = await Ask(new AgentQuestion("state?\n"), []);

        Assert.Equal((CheckOutcome.ClosedWithoutResponse, false), (result.Outcome, result.Passed));
    }

    [Theory]
    [InlineData("expect_status = [\"204\"]", "204 No Content\r\n\r\n", "it answers with status 204", true)]
    [InlineData("expect_status = [\"204\"]", "200 OK\r\nContent-Length: 0\r\n\r\n", "it answers with status 200", false)]
    [InlineData("expect_status = [\"500-503\", \"200\"]", "503 No\r\nContent-Length: 0\r\n\r\n", "it answers with status 503", true)]
    [InlineData("expect_body = \"READY\"", "200 OK\r\nContent-Length: 12\r\n\r\nstate: READY", "it answers with status 200", true)]
    [InlineData("expect_body = \"READY\"", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nREA\r\n2\r\nDY\r\n0\r\n\r\n",
        "it answers with status 200", true)]
    [InlineData("expect_body = \"READY\"", "200 OK\r\n\r\nstill STARTING", "it answers with status 200, but without the expected text", false)]
    [InlineData("expect_body = \"READY\"", "500 No\r\nContent-Length: 5\r\n\r\nREADY", "it answers with status 500", false)]
    [InlineData("drain_on_404 = true", "404 Gone\r\nContent-Length: 0\r\n\r\n", "it answers with status 404", true)]
    [InlineData("drain_on_404 = true", "403 No\r\nContent-Length: 0\r\n\r\n", "it answers with status 403", false)]
    public async Task HttpAnswer_IsJudgedAsTheSettingsSay(string line, string answer, string text, bool passed)
    {
        (CheckResult result, _) = await Ask(HttpQuestion.Of(Health(line), "a"), Encoding.Latin1.GetBytes("HTTP/1.1 " + answer));

        Assert.Equal((text, passed, line.StartsWith("drain", StringComparison.Ordinal) && passed), (result.Text, result.Passed, result.IsLeaving));
    }

    [Fact]
    public async Task HttpRequest_SaysWhatTheSettingsSay()
    {
        UpstreamHealthSettings health = Health("method = \"OPTIONS\"\npath = \"/up\"\nheaders = { X-Probe = \"1\", Authorization = \"Basic eA==\" }");

        (_, byte[] asked) = await Ask(HttpQuestion.Of(health, "check.example"), "HTTP/1.1 204 No\r\n\r\n"u8.ToArray());

        Assert.Equal(
            "OPTIONS /up HTTP/1.1\r\nHost: check.example\r\nUser-Agent: nativeproxy-health\r\nAccept: */*\r\nX-Probe: 1\r\n"
            + "Authorization: Basic eA==\r\nConnection: close\r\n\r\n",
            Encoding.Latin1.GetString(asked));
    }

    [Theory]
    [InlineData("", "", "10.0.0.1:80 10.0.0.2:80")]
    [InlineData("port = 81", "", "10.0.0.1:81 10.0.0.2:81")]
    [InlineData("port = \"81\"", "health_port = \"82\"", "10.0.0.1:82 10.0.0.2:82")]
    [InlineData("address = \"10.9.9.9\"", "", "10.9.9.9:80")]
    [InlineData("address = \"10.9.9.9\"\nport = 81", "health_address = \"2001:db8::1\"", "[2001:db8::1]:81")]
    public void ServerIsAsked_WhereItOrItsUpstreamSays(string health, string server, string expected)
    {
        UpstreamSettings upstream = SettingsOf($"[upstream.health]\ntype = \"tcp\"\n{health}\n", server);
        EndPoint[] endPoints = [IPEndPoint.Parse("10.0.0.1:80"), IPEndPoint.Parse("10.0.0.2:80")];

        EndPoint[] places = ServerChecks.PlacesOf(upstream.Health, upstream.Servers[0], endPoints);

        Assert.Equal(expected, string.Join(" ", (object[])places));
    }

    private static UpstreamSettings SettingsOf(string upstreamLines, string serverLines) =>
        ServersOnBoard.SettingsOf("a1", serverLines, upstreamLines).Upstreams[0];

    private static UpstreamHealthSettings Health(string lines) => SettingsOf($"[upstream.health]\ntype = \"http\"\n{lines}\n", "").Health;

    /// <summary>An odd digit at the end is left out.</summary>
    private static byte[] Hex(string text) => Convert.FromHexString(text[..(text.Length & ~1)]);

    /// <summary>One check of a server that reads what it is asked, says its answer and closes.</summary>
    private async Task<(CheckResult Result, byte[] Asked)> Ask(HealthQuestion question, byte[] answer)
    {
        var result = new TaskCompletionSource<CheckResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task run = new ConnectionCheck((IPEndPoint)_listener.LocalEndPoint!, question).RunAsync(result.SetResult, _over.Token);
        using (Socket server = Peers.Accept(_listener))
        {
            byte[] asked = new byte[4096];
            int count = server.Receive(asked);
            server.Send(answer);
            server.Shutdown(SocketShutdown.Send);
            CheckResult known = await result.Task.WaitAsync(LoopUnderTest.Deadline);
            server.Dispose();
            await run.WaitAsync(LoopUnderTest.Deadline);
            return (known, asked[..count]);
        }
    }
}
