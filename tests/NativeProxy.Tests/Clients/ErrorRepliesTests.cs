using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Clients;
using NativeProxy.Clients.Http1;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation;
using Xunit;

namespace NativeProxy.Tests.Clients;

public class ErrorRepliesTests
{
    public static IEnumerable<object[]> AnswerableErrors() =>
        Enum.GetValues<ProxyError>().Where(static error => ProxyErrors.Of(error).Status != 0).Select(static error => new object[] { error });

    [Theory]
    [MemberData(nameof(AnswerableErrors))]
    public void EveryError_HasAWholeAnswerWithItsStatusAndText(object error)
    {
        ProxyErrorRow row = ProxyErrors.Of((ProxyError)error);
        string answer = Write((ProxyError)error, RejectReason.None);

        ParseOutcome outcome = Wire.Response(answer, out ResponseHead head);

        Assert.Equal(ParseStatus.Done, outcome.Status);
        Assert.Equal(row.Status, head.StatusCode);
        Assert.NotEqual("Error", Wire.Text(head.Reason.Of(Wire.Bytes(answer))));
        BodyFraming framing = MessageFraming.OfResponse(Wire.Bytes(answer), head, HttpMethod.Get, upgradeForwarded: false);
        Assert.Equal((BodyKind.Length, (long)answer.Length - outcome.ConsumedBytes), (framing.Kind, framing.LengthBytes));
        Assert.Equal(row.Text + ".\n", answer[outcome.ConsumedBytes..]);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryBrokenRule_IsNamedAndHasItsStatus()
    {
        Assert.All(Enum.GetValues<RejectReason>().Where(static reason => reason != RejectReason.None), static reason =>
        {
            string answer = Write(ProxyError.BadRequest, reason);

            ParseOutcome outcome = Wire.Response(answer, out ResponseHead head);

            Assert.Equal((ParseStatus.Done, RejectReasons.StatusOf(reason)), (outcome.Status, head.StatusCode));
            Assert.Equal($"\r\nContent-Length: {answer.Length - outcome.ConsumedBytes}\r\n", LineOf(answer, "Content-Length"));
            Assert.Equal(reason.ToString(), answer[outcome.ConsumedBytes..].Split('(', ')')[1].Replace(" ", "", StringComparison.Ordinal),
                ignoreCase: true);
        });
    }

    [Fact]
    public void BrokenRule_ReadsAsWords() =>
        Assert.EndsWith("\r\n\r\nThe request is malformed (space before colon).\n", Write(ProxyError.BadRequest, RejectReason.SpaceBeforeColon),
            StringComparison.Ordinal);

    [Fact]
    public void RuleBesideAnotherError_DoesNotChangeItsStatus() =>
        Assert.Equal(413, ErrorReplies.StatusOf(ProxyError.RequestBodyTooLarge, RejectReason.TrailerTooLarge));

    [Fact]
    public void AnswerToHead_HasTheSameHeadAndNoBody()
    {
        string whole = Write(ProxyError.NoServerAvailable, RejectReason.None);

        string bodyless = Write(ProxyError.NoServerAvailable, RejectReason.None, hasBody: false);

        Assert.Equal(whole[..(whole.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)], bodyless);
    }

    [Fact]
    public void KeptConnection_IsNotToldToClose() =>
        Assert.DoesNotContain("Connection:", Write(ProxyError.NoServerAvailable, RejectReason.None, closeReason: CloseReason.None),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(ProxyError.MethodNotAllowed, true)]
    [InlineData(ProxyError.NoServerAvailable, false)]
    public void MethodNotAllowed_SaysWhatTheListenerServes(object error, bool expected) => Assert.Equal(
        expected, Write((ProxyError)error, RejectReason.None).Contains("\r\nAllow: GET, MOVE\r\n", StringComparison.Ordinal));

    [Fact]
    public void ErrorsWithoutAStatus_AreThoseThatNobodyCouldOrShouldRead() =>
        Assert.Equal(
            [
                ProxyError.None, ProxyError.BadProxyHeader, ProxyError.ClosedByRoute, ProxyError.ClientAborted, ProxyError.ClientSendTimeout,
                ProxyError.Stopped,
            ],
            Enum.GetValues<ProxyError>().Where(static error => ProxyErrors.Of(error).Status == 0));

    [Fact]
    public void Fields_StandBetweenStatusLineAndFraming() =>
        Assert.Equal(
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
            + "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nAllow: GET, "
            + "MOVE\r\n"
            + "Content-Length: 32\r\nConnection: close\r\n\r\n",
            Write(ProxyError.MethodNotAllowed, RejectReason.None, hasBody: false));

    [Fact]
    public void Answers_AreNotToBeCached() =>
        Assert.Contains("\r\nCache-Control: no-store\r\n", Write(ProxyError.BadRequest, RejectReason.None), StringComparison.Ordinal);

    private static string LineOf(string answer, string name)
    {
        int start = answer.IndexOf("\r\n" + name, StringComparison.Ordinal);
        return answer[start..(answer.IndexOf("\r\n", start + 2, StringComparison.Ordinal) + 2)];
    }

    private static string Write(ProxyError error, RejectReason detail, bool hasBody = true, CloseReason closeReason = CloseReason.BadRequest)
    {
        var reply = new OwnReply
        {
            Error = error,
            Detail = detail,
            StatusCode = ErrorReplies.StatusOf(error, detail),
            CloseReason = closeReason,
            IsToHead = !hasBody,
            ClientMinorVersion = 1,
            RequestsLeft = -1,
        };
        return Wire.Text(reply.Write(FrontendTrial.Create(new ChaosWorld(1, FaultMix.Calm))));
    }
}
