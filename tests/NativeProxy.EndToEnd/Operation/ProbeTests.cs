using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// <c>probe</c>: what it finds is how the server behaves. The server is mostly another NativeProxy, whose settings say what must be found.
/// </summary>
[Trait("layer", "no")] // The probe speaks HTTP and TLS, no records.
public sealed class ProbeTests
{
    [Theory]
    [Trait("promise", "B16")]
    [InlineData("", "a connection that was used and idles: still open after ", "idle_timeout", false)]
    [InlineData("", "a connection without a request: still open after ", "# min_idle", false)]
    [InlineData("keepalive.max_requests = 5", "keeps its connection for 5 requests, then closes it", "  max_requests = 5 ")]
    [InlineData("", "keeps its connection: 20 requests on one, and would take more", "max_requests", false)]
    [InlineData("keepalive.enabled = false", "closes its connection behind every answer", "  enabled = false ")]
    [InlineData("keepalive.advertise = true", "announces \"Keep-Alive: timeout=75\"", "idle_timeout", false)]
    [InlineData("keepalive = { advertise = true, timeout = \"10s\" }", "announces \"Keep-Alive: timeout=10\"", "  idle_timeout = \"9s\"")]
    [InlineData("half_close = \"finish\"", "a client that has ended its sending: is answered", "[upstream.tls]", false)]
    [InlineData("", "HEAD: no body, and the connection goes on", "max_requests = 1 ", false)]
    [InlineData("", "requests that are sent at once: answered in their order", "# pipelining = 4 would work")]
    public async Task WhatIsFound_IsWhatTheServerIsSetTo(string line, string finding, string key, bool isThere = true)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(static request =>
            request.StartsWith("HEAD", StringComparison.Ordinal) ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OriginConnection.Ok);
        await using ProxyUnderTest server = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(line));
        string text = await Probe($"http://127.0.0.1:{server.Port()}/x", "--idle", "100ms", "--requests", "20");
        Assert.Contains(finding, text, StringComparison.Ordinal);
        Assert.Equal(isThere, text.Contains(key, StringComparison.Ordinal));
    }

    /// <summary>The waits end with the connections, long before what they may last.</summary>
    [Fact]
    [Trait("promise", "B16")]
    public async Task ServerThatClosesIdleConnections_IsWaitedFor_AndThePoolGivesUpBeforeIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest server = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.timeout = \"1s\"", "defer_accept = false", "timeouts.request_header = \"1s\""));
        string text = await Probe($"http://127.0.0.1:{server.Port()}/", "--idle", "60s", "--requests", "3");
        Assert.Contains("a connection that was used and idles: closed after ", text, StringComparison.Ordinal);
        Assert.Contains("a connection without a request: closed after ", text, StringComparison.Ordinal);
        Assert.Contains("  idle_timeout = \"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("# min_idle", text, StringComparison.Ordinal);
    }

    /// <summary>Who has not asked anything yet is closed early; who has, is kept.</summary>
    [Fact]
    [Trait("promise", "B16")]
    public async Task ServerThatClosesWhoeverHasNotAskedYet_IsNotOneForConnectionsOpenedAhead()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest server = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("defer_accept = false", "timeouts.request_header = \"200ms\""));
        string text = await Probe($"http://127.0.0.1:{server.Port()}/", "--idle", "5s", "--requests", "3");
        Assert.Contains("a connection without a request: closed after ", text, StringComparison.Ordinal);
        Assert.Contains("# min_idle: ", text, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("promise", "B16")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "speaks HTTP/1.0, answers with 200", "  enabled = false")]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", "keeps its connection: 20 requests", "# pipelining")]
    [InlineData("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "answers with 404", "# pipelining")]
    public async Task AnswersOfAllKinds_AreRead(string answer, string finding, string key)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(answer);
        string text = await Probe($"http://{origin.Address}/", "--idle", "100ms", "--requests", "20");
        Assert.Contains(finding, text, StringComparison.Ordinal);
        Assert.Contains(key, text, StringComparison.Ordinal);
    }

    /// <summary>Its answer to HEAD has a body, so that what comes next would be taken for another answer.</summary>
    [Fact]
    [Trait("promise", "B16")]
    public async Task ServerThatIsOutOfStepBehindHead_GetsEachRequestOnAConnectionOfItsOwn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        string text = await Probe($"http://{origin.Address}/", "--idle", "100ms", "--requests", "3");
        Assert.Contains("HEAD: the connection does not go on behind it", text, StringComparison.Ordinal);
        Assert.Contains("  max_requests = 1 ", text, StringComparison.Ordinal);
    }

    /// <summary>Whoever has ended its sending, sends several at once, or waits to be asked for a body, is not answered at all.</summary>
    [Theory]
    [Trait("promise", "B16")]
    [InlineData("half-close", "a client that has ended its sending: is not answered")]
    [InlineData("pipelining", "requests that are sent at once: not all answered")]
    [InlineData("100-continue", "Expect: 100-continue: waits for the body without asking for it")]
    public async Task QuestionWithoutAnAnswer_IsOne(string question, string finding)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
            request.StartsWith("HEAD", StringComparison.Ordinal) ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
            : request.Contains($"nativeproxy-probe ({question})", StringComparison.Ordinal) ? "" : OriginConnection.Ok);
        string text = await Probe($"http://{origin.Address}/", "--idle", "100ms", "--requests", "5");
        Assert.Contains(finding, text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "B16")]
    public async Task ServerThatAsksForABody_IsFound()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        Task serving = ServeAskingForBodies(origin);
        string text = await Probe($"http://{origin.Address}/", "--idle", "100ms", "--requests", "2");
        Assert.Contains("Expect: 100-continue: asks for the body", text, StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    [Trait("promise", "B16")]
    public async Task EntityTag_IsAskedFor_And304IsFound()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(static request =>
            request.Contains("If-None-Match: \"v1\"", StringComparison.Ordinal)
                ? "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 2\r\n\r\nok");
        string text = await Probe($"http://{origin.Address}/", "--idle", "100ms", "--requests", "3");
        Assert.Contains("304: no body, and the connection goes on", text, StringComparison.Ordinal);
    }

    /// <summary>What is printed, behind a listener, is a configuration that serves.</summary>
    [Theory]
    [Trait("promise", "B16")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UpstreamThatIsPrinted_Serves(bool isTls)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest server = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener(["keepalive.timeout = \"5s\"", .. isTls ? TlsScene.Listening("", TestPki.Local) : []]));
        string[] more = isTls ? ["--ca", TestPki.Authority] : [];
        string text = await Probe([$"{(isTls ? "https" : "http")}://127.0.0.1:{server.Port()}/", "--idle", "100ms", "--requests", "5", .. more]);
        string upstream = text[text.IndexOf("[[upstream]]", StringComparison.Ordinal)..];
        Assert.Equal(isTls, text.Contains("inside TLS 1.3, http/1.1", StringComparison.Ordinal));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.Before(upstream));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/through");
        Assert.Equal("ok", (await client.ReadResponse()).Body);
    }

    [Theory]
    [InlineData("--ca names who has signed it")]
    [InlineData("verify = false", "--insecure")]
    [InlineData("", "--ca", "/nowhere")]
    public async Task CertificateThatNobodyVouchesFor_IsToldBeforeAnythingIsAsked(string said, params string[] options)
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening("", TestPki.Local));
        FinishedCommand command = await ProxyBinary.Run(
            ["probe", $"https://127.0.0.1:{scene.Port}/", "--idle", "100ms", "--timeout", "2s", "--requests", "2", .. options]);
        bool isAsked = options is ["--insecure"];
        Assert.Equal(isAsked ? 0 : 1, command.ExitCode);
        Assert.Contains(said, isAsked ? command.Output : command.Errors, StringComparison.Ordinal);
        Assert.Equal(isAsked, scene.Origin.Requests.Any());
    }

    [Theory]
    [InlineData("is no URL", "/path")]
    [InlineData("is no URL", "ftp://127.0.0.1/")]
    [InlineData("--idle", "http://127.0.0.1/", "--idle", "soon")]
    [InlineData("--timeout", "http://127.0.0.1/", "--timeout", "0s")]
    [InlineData("--requests", "http://127.0.0.1/", "--requests", "1")]
    [InlineData("has no address", "http://no-such-name.invalid/")]
    public async Task QuestionThatCannotBeAsked_IsCode1_WithOneLine(string problem, params string[] arguments)
    {
        FinishedCommand command = await ProxyBinary.Run(["probe", .. arguments]);
        Assert.Equal((1, ""), (command.ExitCode, command.Output));
        Assert.Contains(problem, Assert.Single(command.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("takes no connection", null)]
    [InlineData("not in HTTP/1", "SSH-2.0-x\r\n\r\n")]
    [InlineData("does not answer a GET of / to its end", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")]
    [InlineData("not in HTTP/1", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok")]
    public async Task ServerThatCannotBeAsked_IsCode1(string problem, string? answer)
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(answer ?? "");
        FinishedCommand command = await ProxyBinary.Run("probe", $"http://{(answer is null ? dead.Address : origin.Address)}/", "--timeout", "1s");
        Assert.Equal((1, ""), (command.ExitCode, command.Output));
        Assert.Contains(problem, command.Errors, StringComparison.Ordinal);
    }

    /// <summary>Takes connections until one has been asked for its body, and has sent it.</summary>
    private static async Task ServeAskingForBodies(ScriptedOrigin origin)
    {
        while (true)
        {
            OriginConnection connection = await origin.Accept();
            string head = await connection.ReadToHeadOrEnd();
            if (head.Contains("Expect: 100-continue", StringComparison.Ordinal))
            {
                await connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
                Assert.Equal("x", await connection.Read(1));
                await connection.Send(OriginConnection.Ok);
                return;
            }
            _ = AnswerTheRest(connection, head);
        }
    }

    private static async Task AnswerTheRest(OriginConnection connection, string head)
    {
        for (; head.EndsWith("\r\n\r\n", StringComparison.Ordinal); head = await connection.ReadToHeadOrEnd())
        {
            bool isHead = head.StartsWith("HEAD", StringComparison.Ordinal);
            await connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (isHead ? "" : "ok"));
        }
    }

    private static async Task<string> Probe(params string[] arguments)
    {
        string[] patience = arguments.Contains("--timeout") ? [] : ["--timeout", "3s"];
        FinishedCommand command = await ProxyBinary.Run(["probe", .. patience, .. arguments]);
        Assert.True(command.ExitCode == 0, command.Errors);
        return command.Output;
    }
}
