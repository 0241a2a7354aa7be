using System;
using System.Collections.Generic;
using NativeProxy.Tests.Http1;
using NativeProxy.Tracing;
using Xunit;

namespace NativeProxy.Tests.Tracing;

/// <summary>Ids of requests, and their place in a trace.</summary>
public class TraceRulesTests
{
    private const string Keep = "trace.request_id = \"keep\"";
    private const string Create = "trace.traceparent = \"create\"";
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Parent = "00f067aa0ba902b7";
    private const string Peer = "192.0.2.9";

    [Theory]
    [InlineData("")]
    [InlineData("trace.request_id_header = \"X-Id\"")]
    public void ListenerThatSaysNothing_LeavesRequestsAsTheyAre(string lines)
    {
        var trial = new TraceTrial(lines);
        Assert.True(trial.NamesNothing);
        Assert.Equal("X-Request-ID: a\r\ntraceparent: x\r\n", trial.Send(Peer, "X-Request-ID: a", "traceparent: x"));
    }

    [Fact]
    public void NewIds_AreOf26Letters_AndAllDiffer()
    {
        var trial = new TraceTrial(Keep);
        HashSet<string> seen = [];
        for (int i = 0; i < 1000; i++)
        {
            string line = trial.Send(Peer);
            Assert.Matches("^X-Request-ID: [a-z2-7]{26}\r\n$", line);
            Assert.True(seen.Add(line));
        }
    }

    [Theory]
    [InlineData("abc-123")]
    [InlineData("a")]
    [InlineData("Root=1-67891233-abcdef012345678912345678")]
    [InlineData("YWJj+/==")]
    public void IdThatCame_IsKept(string id)
    {
        Assert.Equal($"X-Request-ID: {id}\r\n", new TraceTrial(Keep).Send(Peer, $"x-request-id: {id}"));
        Assert.NotEqual($"X-Request-ID: {id}\r\n", new TraceTrial("trace.request_id = \"replace\"").Send(Peer, $"x-request-id: {id}"));
    }

    [Theory]
    [InlineData("X-Request-ID:")]
    [InlineData("X-Request-ID: a b")]
    [InlineData("X-Request-ID: a,b")]
    [InlineData("X-Request-ID: a\"")]
    [InlineData("X-Request-ID: a\xff")]
    [InlineData("X-Request-ID: a|X-Request-ID: b")]
    [InlineData("X-Request-ID: a|x-request-id:")]
    [InlineData("X_Request_ID: a")]
    [InlineData("Connection: X-Request-ID|X-Request-ID: a")]
    public void IdThatIsNotSound_IsReplaced(string lines) =>
        Assert.Matches("^X-Request-ID: [a-z2-7]{26}\r\n$", new TraceTrial(Keep).Send(Peer, lines.Split('|')));

    [Fact]
    public void LongestId_IsKept_AndALongerOneReplaced()
    {
        var trial = new TraceTrial(Keep);
        Assert.Equal($"X-Request-ID: {new string('a', 128)}\r\n", trial.Send(Peer, $"X-Request-ID: {new string('a', 128)}"));
        Assert.Equal("X-Request-ID: ".Length + 26 + 2, trial.Send(Peer, $"X-Request-ID: {new string('a', 129)}").Length);
    }

    [Fact]
    public void WhereProxiesAreTrusted_OnlyTheirIdsAreKept()
    {
        var trial = new TraceTrial($"{Keep}\nforwarded.trusted = [\"10.0.0.0/8\"]");
        Assert.Equal("X-Request-ID: a\r\n", trial.Send("10.0.0.1", "X-Request-ID: a"));
        Assert.NotEqual("X-Request-ID: a\r\n", trial.Send(Peer, "X-Request-ID: a"));
    }

    [Fact]
    public void FieldOfAnotherName_CarriesTheId()
    {
        var trial = new TraceTrial($"{Keep}\ntrace.request_id_header = \"X-Id\"\ntrace.request_id_response = true");
        Assert.Equal("X-Request-ID: b\r\nX-Id: a\r\n", trial.Send(Peer, "x-id: a", "X-Request-ID: b"));
        Assert.True(trial.Trace.TellsClient);
    }

    [Theory]
    [InlineData($"00-{Trace}-{Parent}-01", "01")]
    [InlineData($"00-{Trace}-{Parent}-00", "00")]
    [InlineData($"00-{Trace}-{Parent}-ff", "03")]
    [InlineData($"01-{Trace}-{Parent}-01", "01")]
    [InlineData($"cc-{Trace}-{Parent}-03-what-the-future-will-be", "03")]
    public void TraceThatCame_GoesOn_WithANewParent(string value, string flags)
    {
        var trial = new TraceTrial(Create);
        string sent = trial.Send(Peer, $"traceparent: {value}", "tracestate: rojo=1", "tracestate: b=2");
        Assert.Matches($"^tracestate: rojo=1\r\ntracestate: b=2\r\ntraceparent: 00-{Trace}-[0-9a-f]{{16}}-{flags}\r\n$", sent);
        Assert.DoesNotContain(Parent, sent, StringComparison.Ordinal);
        Assert.Equal((Trace, Parent), (Wire.Text(trial.Trace.TraceId), Wire.Text(trial.Trace.CallerSpan)));
        Assert.Equal(flags != "00", trial.Trace.IsSampled);
    }

    [Fact]
    public void OneInSoManyTracesThatBeginHere_IsSampled_AndEachThatCameSo()
    {
        var trial = new TraceTrial($"{Create}\ntrace.sample = 3");
        string came = "";
        for (int i = 0; i < 7; i++)
        {
            string sent = trial.Send(Peer);
            came += sent[^3];
            Assert.Equal((sent[^3] == '1', 0), (trial.Trace.IsSampled, trial.Trace.CallerSpan.Length));
            trial.Send(Peer, $"traceparent: 00-{Trace}-{Parent}-01");
            Assert.True(trial.Trace.IsSampled);
        }
        Assert.Equal("1001001", came);
    }

    [Theory]
    [InlineData("")]
    [InlineData("traceparent:")]
    [InlineData($"traceparent: 00-{Trace}-{Parent}-0")]
    [InlineData($"traceparent: 00-{Trace}-{Parent}-01-x")]
    [InlineData($"traceparent: 00-{Trace}-{Parent}-01.")]
    [InlineData($"traceparent: cc-{Trace}-{Parent}-01.x")]
    [InlineData($"traceparent: ff-{Trace}-{Parent}-01")]
    [InlineData($"traceparent: 0x-{Trace}-{Parent}-01")]
    [InlineData($"traceparent: 00-{Trace}-{Parent}-0g")]
    [InlineData($"traceparent: 00_{Trace}-{Parent}-01")]
    [InlineData($"traceparent: 00-{Trace}.{Parent}-01")]
    [InlineData($"traceparent: 00-{Trace}-{Parent}.01")]
    [InlineData($"traceparent: 00-00000000000000000000000000000000-{Parent}-01")]
    [InlineData($"traceparent: 00-{Trace}-0000000000000000-01")]
    [InlineData($"traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-{Parent}-01")]
    [InlineData($"traceparent: 00-{Trace}-{Parent}-01|traceparent: 00-{Trace}-{Parent}-01")]
    [InlineData($"Connection: traceparent|traceparent: 00-{Trace}-{Parent}-01")]
    public void TraceThatIsNotValid_IsReplaced_AndItsStateDropped(string lines)
    {
        var trial = new TraceTrial(Create);
        string sent = trial.Send(Peer, [.. lines.Split('|', StringSplitOptions.RemoveEmptyEntries), "tracestate: rojo=1"]);
        Assert.Matches("^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n$", sent);
        Assert.DoesNotContain(Trace, sent, StringComparison.Ordinal);
    }

    [Fact]
    public void TracesThatAreOff_AreRemoved() => Assert.Equal(
        "X: 1\r\n", new TraceTrial("trace.traceparent = \"off\"").Send(Peer, $"traceparent: 00-{Trace}-{Parent}-01", "X: 1", "TraceState: a=b"));

    /// <summary>Every beginning of a valid value is no valid one, and reads nothing behind it.</summary>
    [Fact]
    public void EveryBeginning_OfATrace_IsInvalid()
    {
        if (!GuardedPage.IsSupported)
            return;
        using var page = new GuardedPage();
        byte[] value = Wire.Bytes($"00-{Trace}-{Parent}-01");
        for (int length = 0; length < value.Length; length++)
            Assert.False(TraceParentText.IsValid(page.AtEnd(value.AsSpan(0, length))));
        Assert.True(TraceParentText.IsValid(page.AtEnd(value)));
    }

    [Fact]
    public void Naming_AllocatesNothing() => Assert.Equal(0, new TraceTrial($"{Keep}\n{Create}").AllocatedBy(rounds: 500));
}
