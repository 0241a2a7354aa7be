using System;
using System.Buffers;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Admin;

/// <summary>
/// Server-sent events for one client (HTML, 9.2): at each of its ticks what has changed since it was told last, then an event "tick" with the time,
/// which always comes. A client that takes nothing for a while is told then how things are, not how they were. Ends when who asked may no longer
/// read. One task at a time; owner: the connection that sends it.
/// </summary>
/// <param name="feed">Has a place for it already.</param>
/// <param name="question">What was asked for.</param>
/// <param name="read">Answers a target to whoever may read.</param>
/// <param name="mayRead">Whether who asked still may.</param>
internal sealed class EventStream(EventFeed feed, EventQuestion question, Func<string, SmallResponse> read, Func<bool> mayRead) : SmallStream
{
    private readonly EventPart[] _parts = feed.PartsOf(question.Order);
    private byte[][]? _told;
    private long _tick;
    private int _hasLeft;

    public override async Task<byte[]> NextAsync(CancellationToken over)
    {
        if (_told is not null)
            await feed.Until(_tick = feed.TickAfter(_tick, question.EverySeconds), over);
        _tick = Math.Max(_tick, feed.Tick);
        if (!mayRead())
            return [];
        var text = new ArrayBufferWriter<byte>(4096);

        // A browser that has lost the stream asks again after so long.
        if (_told is null)
            text.Write("retry: 1000\n\n"u8);
        _told ??= new byte[_parts.Length][];
        long atMs = feed.MomentOf(_tick);
        for (int i = 0; i < _parts.Length; i++)
        {
            Task<byte[]> asked = _parts[i].At(_tick, read);
            if (!asked.IsCompleted)
                await feed.Soon(asked, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            over.ThrowIfCancellationRequested();
            if (!asked.IsCompletedSuccessfully || asked.Result.Length == 0 || asked.Result == _told[i])
                continue;
            text.Write(asked.Result);
            _told[i] = asked.Result;
        }
        Encoding.ASCII.GetBytes($"event: tick\ndata: {{\"at_ms\":{atMs}}}\n\n", text);
        return text.WrittenSpan.ToArray();
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
            feed.Leave();
    }
}
