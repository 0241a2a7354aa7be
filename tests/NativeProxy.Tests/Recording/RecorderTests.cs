using System;
using System.Linq;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Recording;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Simulation;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Recording;

/// <summary>What the recorder keeps of refused messages, and that a flood of them costs no more than a few.</summary>
public sealed class RecorderTests : IDisposable
{
    private readonly RecorderBoard _board = RecorderBoard.CreateShared(2);
    private readonly SimulatedTime _time = new();
    private readonly LoopClock _clock;
    private readonly Recorder _recorder;

    public RecorderTests()
    {
        _clock = new LoopClock(_time);
        _recorder = new Recorder(_board, worker: 1, _clock);
        Apply("");
    }

    private MessageRing OfClients => _board.Messages(1, isOfServer: false);

    public void Dispose() => _board.Dispose();

    [Fact]
    public void Message_ComesOutAsItWentIn_InAnotherProcess()
    {
        Assert.True(_recorder.Wants(isOfServer: true, RejectReason.BadStatusLine));
        _recorder.Take(new RefusedMessage
        {
            Bytes = "SSH-2.0\r\n"u8, Part = MessagePart.Response, Reason = RejectReason.BadStatusLine, BeginsWithHead = true, ServerName = "a",
            Method = HttpMethod.Post, ServerAddress = new PeerAddress([10, 0, 0, 1], 80), ServerConnectionId = 7,
            Asker = new AskerFacts { Client = new PeerAddress([10, 0, 0, 2], 5), ClientConnectionId = 6, RequestNumber = 2, Listener = "web",
                Route = "r", Upstream = "app" },
        });
        using RecorderBoard other = RecorderBoard.Attach(_board.Descriptor);
        Assert.True(other.Messages(1, isOfServer: true).TryRead(0, out MessageRecord record, out byte[] kept));
        Assert.False(other.Messages(0, isOfServer: true).TryRead(0, out _, out _));
        Assert.Equal(("SSH-2.0\r\n", "bad_status_line", "10.0.0.1:80", "10.0.0.2:5", HttpMethod.Post),
            (Encoding.ASCII.GetString(kept), record.Rule, record.Server.ToString(), record.Client.ToString(), record.Method));
        Assert.Equal("web r app a", $"{record.Listener} {record.Route} {record.Upstream} {record.ServerName}");
        Assert.Equal((7L, 6L, 2), (record.ServerConnectionId, record.ClientConnectionId, record.RequestNumber));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 0)]
    [InlineData(127, 0)]
    [InlineData(5000, 4904)]
    [InlineData(9999, 9872)]
    public void OfALongMessage_ThePartAroundThePlaceIsKept(int place, int from)
    {
        Apply("message_bytes = 128");
        Add(new string('x', 10_000), RejectReason.BadTarget, place);
        Assert.True(OfClients.TryRead(0, out MessageRecord record, out byte[] kept));
        Assert.Equal((from, 128, 10_000), (record.KeptFrom, kept.Length, record.MessageBytes));
        Assert.InRange(place, from, from + 127);
    }

    [Fact]
    public void Flood_IsCountedAndNotKept_AndDrivesOutNoOtherRuleAtOnce()
    {
        Add("first", RejectReason.BadHost, 0);
        for (int i = 0; i < 1000; i++)
            Add("flood", RejectReason.BadTarget, 0);
        Assert.Equal((6L, 995L), (OfClients.Count, OfClients.SkippedCount));
        Assert.True(OfClients.TryRead(5, out _, out byte[] kept));
        Assert.Equal("first", Encoding.ASCII.GetString(kept));

        _time.MoveTo(_time.NowMs + 1000);
        _clock.Refresh();
        Add("later", RejectReason.BadTarget, 0);
        Assert.Equal(7, OfClients.Count);
    }

    [Fact]
    public void FloodOfClients_DoesNotHideServers()
    {
        for (RejectReason reason = RejectReason.None; reason < RejectReason.MissingHost; reason++)
        {
            for (int i = 0; i < 5; i++)
                Add("flood", reason, 0);
        }
        Assert.Equal(50, OfClients.Count);
        Assert.False(_recorder.Wants(isOfServer: false, RejectReason.BadHost));
        Assert.True(_recorder.Wants(isOfServer: true, RejectReason.None));
    }

    /// <summary>By its number a message is found, whatever came after it.</summary>
    [Fact]
    public void MessageIsReadByItsNumber_UntilItIsOverwritten()
    {
        Apply("messages = 2");
        foreach (RejectReason reason in (RejectReason[])[RejectReason.BadHost, RejectReason.BadTarget, RejectReason.ObsFold])
            Add(reason.ToString(), reason, 0);
        Assert.True(OfClients.TryReadAt(1, out _, out byte[] kept));
        Assert.Equal("BadTarget", Encoding.ASCII.GetString(kept));
        Assert.False(OfClients.TryReadAt(0, out _, out _));
        Assert.False(OfClients.TryReadAt(3, out _, out _));
    }

    [Fact]
    public void OtherNumberOfMessages_BeginsAnew_AndNoneKeepsNone()
    {
        foreach (RejectReason reason in (RejectReason[])[RejectReason.BadHost, RejectReason.BadTarget, RejectReason.ObsFold])
            Add(reason.ToString(), reason, 0);
        Apply("messages = 2");
        Add("a", RejectReason.BadHost, 0);
        Assert.Equal(["a"], Kept());
        Add("b", RejectReason.BadHost, 0);
        Add("c", RejectReason.BadTarget, 0);
        Assert.Equal(["c", "b"], Kept());
        Apply("messages = 0");
        Assert.False(_recorder.Wants(isOfServer: false, RejectReason.BadHost));
    }

    [Fact]
    public void KeptMessage_AllocatesNothing()
    {
        Add("warm", RejectReason.BadHost, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 4; i++)
            Add("again", RejectReason.BadTarget, 0);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private string[] Kept() => [.. Enumerable.Range(0, MessageRing.CapacityMax)
        .Where(age => OfClients.TryRead(age, out _, out _))
        .Select(age =>
        {
            OfClients.TryRead(age, out _, out byte[] kept);
            return Encoding.ASCII.GetString(kept);
        })];

    private void Apply(string line)
    {
        SettingsResult result = SettingsTrial.Parse(Encoding.UTF8.GetBytes(
            "[recorder]\nredact = false\n" + line + "\n[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:1\"]\nupstream = \"app\"\n"
            + "[[upstream]]\nname = \"app\"\nservers = [\"127.0.0.1:2\"]\n"));
        Assert.True(result.IsOk, string.Join('\n', result.Errors));
        _recorder.Apply(result.Settings.Recorder);
    }

    private void Add(ReadOnlySpan<char> text, RejectReason reason, int place)
    {
        Span<byte> bytes = stackalloc byte[10_000];
        int length = Encoding.ASCII.GetBytes(text, bytes);
        if (_recorder.Wants(isOfServer: false, reason))
            _recorder.Take(new RefusedMessage { Bytes = bytes[..length], Place = place, Reason = reason, BeginsWithHead = true });
    }
}
