using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>Batches of spans: when they go, what becomes of them, and what is lost. The clock is the test's.</summary>
public sealed class SpanOutputTests
{
    private readonly MemoryStream _stderr = new();
    private readonly List<(byte[] Batch, TaskCompletionSource<SpanReply> Reply)> _sent = [];
    private readonly SpanOutput _output;

    public SpanOutputTests()
    {
        var place = new SpanPlace("traces for \"there\"", "edge", batch =>
        {
            var reply = new TaskCompletionSource<SpanReply>();
            _sent.Add((batch, reply));
            return reply.Task;
        });
        _output = new SpanOutput(place, SampleRecords.Names(), new ErrorLog(_stderr, TimeProvider.System));
    }

    [Fact]
    public void FewSpans_GoAfterASecond()
    {
        Assert.Equal(-1, _output.NextMs(0));
        Add(2, nowMs: 100);
        Assert.Equal(900, _output.NextMs(200));
        _output.Pump(1099);
        Assert.Empty(_sent);
        _output.Pump(1100);
        Assert.Equal(2, CountIn(Assert.Single(_sent).Batch));
        Assert.InRange(_output.NextMs(1100), 1, 100);

        Answer(new SpanReply(SpanOutcome.Taken), 1200);
        Assert.Equal((2, 0, -1), (_output.SpansSent, _output.SpansLost, _output.NextMs(1200)));
        Assert.Empty(Told());
    }

    [Fact]
    public void FullBatch_GoesAtOnce_AndTheNextOneWhenItIsTaken()
    {
        Add(SpanOutput.BatchSpans, nowMs: 0);
        _output.Pump(0);
        Add(SpanOutput.BatchSpans, nowMs: 1);
        _output.Pump(1);
        Assert.Single(_sent);
        Answer(new SpanReply(SpanOutcome.Taken), 2);
        Assert.Equal(2, _sent.Count);
        Answer(new SpanReply(SpanOutcome.Taken), 3);
        Assert.Equal((2 * SpanOutput.BatchSpans, 0), (_output.SpansSent, _output.SpansLost));
    }

    [Fact]
    public void BatchThatIsNotTakenNow_GoesAgain_MoreAndMoreSeldom_AndItsEndIsTold()
    {
        Add(1, nowMs: 0);
        long nowMs = SpanOutput.BatchMs;
        _output.Pump(nowMs);
        long waitMs = SpanOutput.RetryMsMin;
        for (int tries = 1; tries <= 8; tries++)
        {
            Answer(new SpanReply(SpanOutcome.Later, "it is away"), nowMs);
            Assert.Equal(tries, _sent.Count);
            Assert.Equal(waitMs, _output.NextMs(nowMs));
            _output.Pump(nowMs + waitMs - 1);
            Assert.Equal(tries, _sent.Count);
            _output.Pump(nowMs += waitMs);
            Assert.Equal(tries + 1, _sent.Count);
            Assert.Equal(_sent[0].Batch, _sent[^1].Batch);
            waitMs = Math.Min(2 * waitMs, SpanOutput.RetryMsMax);
        }
        Answer(new SpanReply(SpanOutcome.Taken), nowMs);
        Assert.Equal((1, 0), (_output.SpansSent, _output.SpansLost));
        Assert.Collection(
            Told(),
            static line => Assert.EndsWith(
                " error traces for \"there\": it is away; it is tried again, and spans wait as far as there is room", line, StringComparison.Ordinal),
            static line => Assert.EndsWith(
                " info traces for \"there\": it takes spans again; 0 were lost meanwhile", line, StringComparison.Ordinal));
    }

    [Fact]
    public void SendingThatFails_IsTriedAgain_AndEndsNoThread()
    {
        Add(1, nowMs: 0);
        _output.Pump(1000);
        _sent[0].Reply.SetException(new InvalidOperationException());
        _output.Pump(1001);
        _output.Pump(1001 + SpanOutput.RetryMsMin);
        Assert.Equal((2, 0), (_sent.Count, _output.SpansLost));
        Assert.Contains("it cannot be asked", Assert.Single(Told()), StringComparison.Ordinal);
    }

    [Fact]
    public void SpansBeyondTheRoom_AreLostAndCounted()
    {
        Add(SpanOutput.BatchSpans, nowMs: 0);
        _output.Pump(0);
        int count = 0;
        while (_output.SpansLost == 0)
        {
            Add(1, nowMs: 1);
            Assert.InRange(++count, 1, 100_000);
        }
        Add(9, nowMs: 2);
        Assert.Equal(10, _output.SpansLost);
        Answer(new SpanReply(SpanOutcome.Taken), 3);
        Answer(new SpanReply(SpanOutcome.Taken), 4);
        Assert.Equal((SpanOutput.BatchSpans + count - 1, 10), (_output.SpansSent, _output.SpansLost));
        Assert.InRange(_sent[1].Batch.Length, SpanOutput.GatheredBytesMax, SpanOutput.GatheredBytesMax + 16 * 1024);
        Assert.Contains("spans are lost: spans come faster than they are taken", Told()[0], StringComparison.Ordinal);
        Assert.EndsWith("it takes spans again; 10 were lost meanwhile", Told()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void BatchThatIsRefused_IsLost_AndOneInPartAsFar()
    {
        Add(3, nowMs: 0);
        _output.Pump(1000);
        Answer(new SpanReply(SpanOutcome.Refused, "it answers with status 400"), 1001);
        Assert.Equal((0, 3, 1), (_output.SpansSent, _output.SpansLost, _sent.Count));
        Add(3, nowMs: 2000);
        _output.Pump(3000);
        Answer(new SpanReply(SpanOutcome.Taken, "it does not want them", 2), 3001);
        Assert.Equal((1, 5), (_output.SpansSent, _output.SpansLost));
        Add(3, nowMs: 4000);
        _output.Pump(5000);
        Answer(new SpanReply(SpanOutcome.Taken, "it does not want them", long.MaxValue), 5001);
        Assert.Equal((1, 8), (_output.SpansSent, _output.SpansLost));
        Assert.Contains("spans are lost: it answers with status 400", Assert.Single(Told()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_SendsWhatIsLeft_AndCountsWhatNobodyTakes()
    {
        Add(2, nowMs: Environment.TickCount64);
        Task end = Task.Run(_output.Dispose);
        Assert.True(System.Threading.SpinWait.SpinUntil(() => _sent.Count == 1, TimeSpan.FromSeconds(30)));
        _sent[0].Reply.SetResult(new SpanReply(SpanOutcome.Taken));
        await end.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((2, 0), (_output.SpansSent, _output.SpansLost));
    }

    [Fact]
    public void EndWithoutACollector_IsNotWaitedForLong()
    {
        Add(2, nowMs: Environment.TickCount64);
        _output.Dispose();
        Assert.Equal((0, 2, 1), (_output.SpansSent, _output.SpansLost, _sent.Count));
        _output.Dispose();
        Assert.Equal(2, _output.SpansLost);
    }

    private void Add(int count, long nowMs)
    {
        for (int i = 0; i < count; i++)
            _output.Add(SpanFormatTests.Sampled(), nowMs);
    }

    private void Answer(SpanReply reply, long nowMs)
    {
        _sent[^1].Reply.SetResult(reply);
        _output.Pump(nowMs);
    }

    private static int CountIn(byte[] batch)
    {
        using var document = JsonDocument.Parse(batch);
        return document.RootElement.GetProperty("resourceSpans")[0].GetProperty("scopeSpans")[0].GetProperty("spans").GetArrayLength();
    }

    private string[] Told() => Encoding.UTF8.GetString(_stderr.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
