using System;
using System.Collections.Generic;
using NativeProxy.Clients;
using NativeProxy.Clients.Http1;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>
/// What an answer means, in HTTP/1's words: framing, interim responses, what the head says of the connection, answers of the proxy's own.
/// </summary>
public sealed class ClientAnswerTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Old = "GET /a HTTP/1.0\r\n\r\n";
    private const string OldKept = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    [Theory]
    [InlineData(Get, "Content-Length: 5\r\n", Ok + "Content-Length: 5\r\n\r\nhello", "open")]
    [InlineData(Get, "X: y\r\n", Ok + "X: y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "open")]
    [InlineData(OldKept, "Content-Length: 5\r\n", Ok + "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", "open")]
    [InlineData(OldKept, "X: y\r\n", Ok + "X: y\r\nConnection: close\r\n\r\nhello", "fin")]
    [InlineData(Old, "X: y\r\n", Ok + "X: y\r\nConnection: close\r\n\r\nhello", "fin")]
    [InlineData(Old, "Content-Length: 5\r\n", Ok + "Content-Length: 5\r\nConnection: close\r\n\r\nhello", "fin")]
    public void Body_IsFramedAsTheClientUnderstandsIt(string request, string lines, string expected, string fate)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(request);
        trial.Respond("a", lines, "he", isLast: false);
        Assert.Equal(lines[0] == 'X' && request != Get, ((Http1ClientStream)trial["a"].Stream).IsCloseDelimited);
        Assert.True(trial["a"].Stream.HasBegun);
        trial.Send("a", "llo", isLast: true);

        Assert.Equal((expected, fate), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void Trailers_FollowChunks_AndNothingElse()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "", "x", isLast: false);
        trial.Send("a", "", isLast: true, "X-T: 1\r\n");
        Assert.Equal(Ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-T: 1\r\n\r\n", trial.Read(client));
        trial.Write(client, OldKept);
        trial.Respond("a", "", "x", isLast: false);
        trial.Send("a", "", isLast: true, "X-T: 1\r\n");
        Assert.Equal(Ok + "Connection: close\r\n\r\nx", trial.Read(client));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n", Ok + "Content-Length: 5\r\n\r\nhello")]
    [InlineData("", Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public void HeadAndFirstPiece_GoInOneSend(string lines, string expected)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        var sends = new List<string>();
        client.Other.Tap = bytes => sends.Add(Wire.Text(bytes));
        trial.Respond("a", lines, "hello");
        Assert.Equal([expected], sends);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void SentBytes_AreCounted_AndContentApart()
    {
        using var trial = new ClientTrial();
        trial.Ask(Get);
        const string Answer = Ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        trial.Respond("a", "", "he", isLast: false);
        ClientStream stream = trial["a"].Stream;
        trial.When["a ended"] = () => Assert.Equal((Answer.Length, 5), (stream.SentBytes, stream.SentBodyBytes));
        trial.Send("a", "llo", isLast: true);
        Assert.Contains("a ended", trial.News());
        Assert.Equal(Answer.Length, trial.Count(CounterId.BytesToClients));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(Get, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n")]
    [InlineData(Old, "")]
    public void InterimResponse_GoesToHttp11Only(string request, string expected)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(request);
        trial.Run(() => Assert.True(trial["a"].PassInterim("HTTP/1.1 103 Early\r\nLink: x\r\nConnection: x\r\nX: 1\r\n")));
        Assert.Equal((expected, false), (trial.Read(client), trial["a"].Stream.HasBegun));
        Assert.Equal(1, trial.Count(CounterId.Responses1xx));
        trial.Respond("a", "HTTP/1.1 204 None\r\n");
        Assert.StartsWith("HTTP/1.1 204 None\r\n", trial.Read(client), StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    /// <summary>Nothing is sent of it, so that another answer can take its place.</summary>
    [Fact]
    public void HeadThatIsTooLong_IsNotBegun()
    {
        string lines = "X: " + new string('x', 70_000) + "\r\n";
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial.Run(() =>
        {
            RecordingClientUser user = trial["a"];
            Assert.False(user.PassInterim("HTTP/1.1 103 Early\r\n" + lines));
            Assert.False(user.Respond(lines));
            Assert.False(user.Switch("HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: x\r\n" + lines));
            Assert.False(user.Stream.HasBegun);
            user.Stream.Answer(ProxyError.ServerBadResponse, RejectReason.None);
        });
        Assert.StartsWith("HTTP/1.1 502 ", trial.Read(client), StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("", "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "", "")]
    [InlineData("", "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close\r\n", "ClientAsked")]
    [InlineData("", Old, "Connection: close\r\n", "Http10")]
    [InlineData("", OldKept, "Connection: keep-alive\r\n", "")]
    [InlineData("keepalive.enabled = false", Get, "Connection: close\r\n", "KeepaliveOff")]
    [InlineData("keepalive.timeout = \"0s\"", Get, "Connection: close\r\n", "KeepaliveOff")]
    [InlineData("keepalive.max_requests = 1", Get, "Connection: close\r\n", "MaxRequests")]
    [InlineData("keepalive.max_requests = 3\nkeepalive.advertise = true", Get, "Keep-Alive: timeout=75, max=2\r\n", "")]
    [InlineData("keepalive.max_requests = 0\nkeepalive.advertise = true", Get, "Keep-Alive: timeout=75\r\n", "")]
    [InlineData("keepalive.connection_header = \"always\"", Get, "Connection: keep-alive\r\n", "")]
    public void Head_SaysWhetherTheConnectionLivesOn(string listener, string request, string lines, string reason)
    {
        using var trial = new ClientTrial(listener);
        SimulatedSocket client = trial.Ask(request);
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Equal($"{Ok}Content-Length: 0\r\n{lines}\r\n", trial.Read(client));
        Assert.Equal((reason, reason.Length > 0 ? "fin" : "open"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void LastRequestOfAConnection_IsTheOneThatSaysClose()
    {
        using var trial = new ClientTrial("keepalive.max_requests = 2\nkeepalive.advertise = true");
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Equal(Ok + "Content-Length: 0\r\nKeep-Alive: timeout=75, max=1\r\n\r\n", trial.Read(client));
        trial.Write(client, Get + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Equal((Ok + "Content-Length: 0\r\nConnection: close\r\n\r\n", "fin"), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.DoesNotContain("b begin", trial.News());
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void BondThatEnds_EndsTheConnection()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial["a"].Stream.BondEnds = true;
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Contains("Connection: close", trial.Read(client), StringComparison.Ordinal);
        Assert.Equal("PinnedServerClosed", trial.Closes());
        trial.Write(client = trial.Connect(), Get);
        Assert.False(trial["a"].Stream.BondEnds);
        Assert.Null(trial.Leftovers());
    }

    /// <summary>What is found out behind the head still ends the connection.</summary>
    [Fact]
    public void EndWithAReason_EndsAConnectionThatWasToBeKept()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "Content-Length: 0\r\n", reason: CloseReason.PinnedServerClosed);
        Assert.Equal((Ok + "Content-Length: 0\r\n\r\n", "fin", "PinnedServerClosed"), (trial.Read(client), ClientTrial.Fate(client), trial.Closes()));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(ProxyError.ServerConnectFailed, "GET", "HTTP/1.1 502 ", true, "open")]
    [InlineData(ProxyError.ServerConnectFailed, "HEAD", "HTTP/1.1 502 ", false, "open")]
    [InlineData(ProxyError.QueueTimeout, "GET", "HTTP/1.1 503 ", true, "open")]
    [InlineData(ProxyError.DestinationRefused, "GET", "HTTP/1.1 403 ", true, "open")]
    [InlineData(ProxyError.RequestBodyTooLarge, "GET", "HTTP/1.1 413 ", true, "fin")]
    public void AnswerOfItsOwn_SaysWhatWentWrong(object error, string method, string status, bool hasBody, string fate)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get.Replace("GET", method, StringComparison.Ordinal));
        trial.Run(() => trial["a"].Stream.Answer((ProxyError)error, RejectReason.None));
        string answer = trial.Read(client);
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.Equal((hasBody, fate), (!answer.EndsWith("\r\n\r\n", StringComparison.Ordinal), ClientTrial.Fate(client)));
        Assert.Equal(fate == "fin", answer.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal));
        Assert.Equal(1, trial.Count(CounterId.ResponsesByProxy));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("OPTIONS", "Allow: GET, MOVE\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("TRACE", "Content-Type: message/http\r\nContent-Length: 42\r\n\r\nTRACE /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")]
    public void LastRecipient_AnswersInsteadOfAServer(string method, string end)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask($"{method} /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nCookie: secret\r\n\r\n");
        trial.Run(() => Assert.True(trial["a"].AnswerAsLast()));
        string answer = trial.Read(client);
        Assert.StartsWith(Ok, answer, StringComparison.Ordinal);
        Assert.EndsWith(end.Replace("Content-Length: 42", $"Content-Length: {end.Length - end.IndexOf("TRACE", StringComparison.Ordinal)}",
            StringComparison.Ordinal), answer, StringComparison.Ordinal);
        Assert.Equal("open", ClientTrial.Fate(client));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(Get, "Content-Length: 9\r\n", "fin")]
    [InlineData(Get, "", "fin")]
    [InlineData(Old, "", "reset")]
    public void CutAnswer_IsSeenToBeCut_ByAResetWhereOnlyThatTells(string request, string lines, string fate)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(request);
        trial.Respond("a", lines, "hello", isLast: false);
        trial.Run(() => trial["a"].Stream.Cut(CloseReason.TruncatedResponse));
        string answer = trial.Read(client);
        Assert.Contains("hello", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("0\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.Equal((fate, "TruncatedResponse"), (ClientTrial.Fate(client), trial.Closes()));
        Assert.Equal("a ended", trial.Events[1]);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void AnswerThatMayNotComeToItsEnd_BecauseNothingWasSent_EndsWithoutOne()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial.Run(() => trial["a"].Stream.Cut(CloseReason.PinnedServerClosed));
        Assert.Equal(("", "fin"), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.Equal(0, trial.Count(CounterId.Responses2xx));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClientThatDoesNotTakeItsAnswer_BlocksTheUser_UntilItDoes(bool isCompletionBased)
    {
        using var trial = new ClientTrial(isCompletionBased: isCompletionBased) { WindowBytes = 1000 };
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "Content-Length: 3005\r\n", new string('x', 3000), isLast: false);
        Assert.Equal(["a begin", "a blocked"], trial.News());
        string answer = trial.Read(client);
        Assert.Equal(["a drained"], trial.News());
        trial.Send("a", "hello", isLast: true);
        answer += trial.Read(client);
        Assert.Equal(Ok + "Content-Length: 3005\r\n\r\n" + new string('x', 3000) + "hello", answer);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void NextRequest_IsNotReadBeforeTheAnswerToTheLastIsTaken()
    {
        using var trial = new ClientTrial { WindowBytes = 1000 };
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "Content-Length: 3000\r\n", new string('x', 3000));
        trial.Write(client, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(["a begin", "a blocked", "a ended"], trial.News());
        trial.Read(client);
        Assert.Equal(["b begin"], trial.News());
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void AnswerThatIsGivenWithinDrained_EndsTheRequestOnce()
    {
        using var trial = new ClientTrial { WindowBytes = 1000 };
        trial.When["a drained"] = () => trial["a"].Send("end", isLast: true);
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "Content-Length: 3003\r\n", new string('x', 3000), isLast: false);
        Assert.EndsWith("xend", trial.Read(client), StringComparison.Ordinal);
        Assert.Equal(["a begin", "a blocked", "a drained", "a ended"], trial.News());
        Assert.Null(trial.Leftovers());
    }
}
