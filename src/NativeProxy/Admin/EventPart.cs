using System;
using System.Buffers;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Admin;

/// <summary>
/// One part of what streams of events tell: what is answered at a path of the API, as an event. Asked anew at the first tick at which anybody wants
/// it, at most once in so many, and shared by all streams. Any thread; whoever asks while it is being made waits for the same.
/// </summary>
/// <param name="name">Of the event.</param>
/// <param name="target">Path and query that are asked.</param>
/// <param name="everyTicks">For so many ticks an answer is good enough.</param>
internal sealed class EventPart(string name, string target, int everyTicks)
{
    private readonly Lock _gate = new();
    private byte[] _text = [];
    private Task<byte[]>? _asked;
    private long _askedTick;

    /// <summary>What there is to tell: the same array for as long as it says the same; empty where there was no answer.</summary>
    /// <param name="tick">The present one.</param>
    /// <param name="read">Answers a target to whoever may read.</param>
    public Task<byte[]> At(long tick, Func<string, SmallResponse> read)
    {
        lock (_gate)
        {
            bool isGood = _asked is not null && (!_asked.IsCompleted || (tick - _askedTick < everyTicks && _text.Length > 0) || tick == _askedTick);
            if (!isGood)
                (_asked, _askedTick) = (Ask(read), tick);
            return _asked!;
        }
    }

    private async Task<byte[]> Ask(Func<string, SmallResponse> read)
    {
        SmallResponse answer = read(target);
        if (answer.Later is { } later)
        {
            await ((Task)later).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            answer = later.IsCompletedSuccessfully ? later.Result : default;
        }
        byte[] text = answer.StatusCode == 200 ? Framed(answer.Body.Span) : [];
        return _text = text.AsSpan().SequenceEqual(_text) ? _text : text;
    }

    /// <summary>The event: its name, and JSON on one line, which has no line ends but those between its parts.</summary>
    private byte[] Framed(ReadOnlySpan<byte> json)
    {
        var text = new ArrayBufferWriter<byte>(json.Length + name.Length + 32);
        Encoding.ASCII.GetBytes($"event: {name}\ndata: ", text);
        while (!json.IsEmpty)
        {
            int end = json.IndexOf((byte)'\n');
            text.Write((end < 0 ? json : json[..end]).Trim((byte)' '));
            json = end < 0 ? default : json[(end + 1)..];
        }
        text.Write("\n\n"u8);
        return text.WrittenSpan.ToArray();
    }
}
