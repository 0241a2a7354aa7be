using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>How a peer ended its stream.</summary>
internal enum StreamEnd
{
    /// <summary>A proper end (FIN).</summary>
    Fin,

    /// <summary>Broken off (RST).</summary>
    Reset,

    /// <summary>FIN without the announcement that belongs before it, where the scenes run through a layer.</summary>
    Cut,
}

/// <summary>
/// A raw TCP or Unix socket that sends exact bytes and keeps every byte received. Texts are Latin-1, one character per byte. One task at a
/// time reads, one at a time sends. Every wait has the <see cref="Deadline"/>.
/// </summary>
internal class TestSocket : IAsyncDisposable
{
    private readonly byte[] _block = new byte[64 * 1024];
    private readonly MemoryStream _received = new();
    private StreamEnd? _end;
    private int _taken;

    /// <summary>Null on bare sockets.</summary>
    private readonly ISecuredPipe? _records;

    /// <param name="socket">Connected.</param>
    /// <param name="isServer">Whether it was accepted.</param>
    /// <param name="isBare">It speaks no records, where others do.</param>
    protected TestSocket(Socket socket, bool isServer, bool isBare = false)
        : this(socket, isBare ? null : RecordPipe.For(socket, isServer))
    {
    }

    /// <param name="socket">Connected.</param>
    /// <param name="pipe">What secures it; null = nothing.</param>
    protected TestSocket(Socket socket, ISecuredPipe? pipe)
    {
        Socket = socket;
        if (socket.AddressFamily != AddressFamily.Unix)
            Socket.NoDelay = true;
        _records = pipe;
    }

    /// <summary>Done once bytes can be exchanged.</summary>
    protected Task Ready => _records?.Secured ?? Task.CompletedTask;

    /// <summary>Everything received so far, taken or not.</summary>
    public string Received => Encoding.Latin1.GetString(_received.GetBuffer(), 0, (int)_received.Length);

    /// <summary>What was received and not taken by a read yet.</summary>
    public string Untaken => Encoding.Latin1.GetString(_received.GetBuffer(), _taken, (int)_received.Length - _taken);

    public Socket Socket { get; }

    /// <summary>Sends a text. Returns how many bytes of the wire that were: what the other side's kernel counts.</summary>
    public async Task<long> SendCounted(string text)
    {
        long before = _records?.SentBytes ?? 0;
        await Send(text);
        return _records is null ? text.Length : _records.SentBytes - before;
    }

    public Task Send(string text) => Send(Encoding.Latin1.GetBytes(text));

    public async Task Send(ReadOnlyMemory<byte> bytes)
    {
        if (_records is not null)
            await Deadline.For(_records.Send(bytes), () => $"{this} to take {bytes.Length} bytes; received so far: {Received}");
        while (_records is null && !bytes.IsEmpty)
        {
            int sent = await Deadline.For(Socket.SendAsync(bytes).AsTask(),
                () => $"{this} to take {bytes.Length} bytes; received so far: {Received}");
            bytes = bytes[sent..];
        }
    }

    /// <summary>Sends one byte per segment.</summary>
    public async Task SendByteByByte(string text)
    {
        foreach (char one in text)
            await Send(one.ToString());
    }

    /// <summary>Exactly this many bytes.</summary>
    public async Task<string> Read(int count) => Encoding.Latin1.GetString(await ReadBytes(count));

    public async Task<byte[]> ReadBytes(int count)
    {
        while (_received.Length - _taken < count)
            await ReceiveMore($"{count} bytes");
        byte[] bytes = _received.GetBuffer().AsSpan(_taken, count).ToArray();
        _taken += count;
        return bytes;
    }

    /// <summary>Everything up to and including this text.</summary>
    public async Task<string> ReadThrough(string last)
    {
        byte[] wanted = Encoding.Latin1.GetBytes(last);
        int at;
        while ((at = _received.GetBuffer().AsSpan(_taken, (int)_received.Length - _taken).IndexOf(wanted)) < 0)
            await ReceiveMore($"\"{last}\"");
        return await Read(at + last.Length);
    }

    /// <summary>A message head with its blank line.</summary>
    public Task<string> ReadHead() => ReadThrough("\r\n\r\n");

    /// <summary>A message head, or what came before the stream ended.</summary>
    public async Task<string> ReadToHeadOrEnd()
    {
        while (_end is null && !Untaken.Contains("\r\n\r\n", StringComparison.Ordinal))
            await TryReceive("a head or the end of the stream");
        return Untaken.Contains("\r\n\r\n", StringComparison.Ordinal) ? await ReadHead() : Untaken;
    }

    /// <summary>Everything until the peer ends its stream, and how it did.</summary>
    public async Task<(string Text, StreamEnd End)> ReadToEnd()
    {
        while (_end is null)
            await TryReceive("the end of the stream");
        string text = Untaken;
        _taken = (int)_received.Length;
        return (text, _end.Value);
    }

    /// <summary>Everything until it is enough or the peer ends its stream; how it did, null while it has not.</summary>
    public async Task<(string Text, StreamEnd? End)> ReadUntil(Func<string, bool> isEnough)
    {
        while (_end is null && !isEnough(Untaken))
            await TryReceive("enough, or the end of the stream");
        string text = Untaken;
        _taken = (int)_received.Length;
        return (text, _end);
    }

    /// <summary>Reads and throws away this many bytes.</summary>
    public async Task Skip(long count)
    {
        long fromKept = Math.Min(count, _received.Length - _taken);
        _taken += (int)fromKept;
        for (count -= fromKept; count > 0;)
        {
            int got = await TryReceive($"{count} bytes", keeps: false, countMax: count);
            if (_end is not null)
                throw new XunitException($"{this}: the stream ended ({_end}) with {count} bytes to come");
            count -= got;
        }
    }

    /// <summary>As <see cref="ReadBytes"/>, but forgets what was taken; for streams too large to keep.</summary>
    public async Task<byte[]> TakeBytes(int count)
    {
        byte[] bytes = await ReadBytes(count);
        Forget();
        return bytes;
    }

    /// <summary>As <see cref="ReadThrough"/>, but forgets what was taken.</summary>
    public async Task<string> TakeThrough(string last)
    {
        string text = await ReadThrough(last);
        Forget();
        return text;
    }

    /// <summary>Fails unless the peer ends its stream properly and nothing more comes before.</summary>
    public async Task ExpectFin() => Assert.Equal(("", StreamEnd.Fin), await ReadToEnd());

    /// <summary>Fails unless the peer resets and nothing more comes before.</summary>
    public async Task ExpectReset() => Assert.Equal(("", StreamEnd.Reset), await ReadToEnd());

    /// <summary>Fails unless the stream ends, in whichever way, and nothing more comes before.</summary>
    public async Task ExpectEnd() => Assert.Equal("", (await ReadToEnd()).Text);

    /// <summary>Sends FIN; receiving goes on.</summary>
    public void HalfClose()
    {
        _records?.AnnounceEnd();
        Socket.Shutdown(SocketShutdown.Send);
    }

    public void Close()
    {
        _records?.AnnounceEnd();
        if (_records is null || _records.ReadsAway())
            Socket.Dispose();
        else
            Reset();
    }

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    /// <summary>What of the received bytes the test sees: all, unless said otherwise.</summary>
    protected virtual ReadOnlySpan<byte> Visible(ReadOnlySpan<byte> received) => received;

    /// <summary>What was held back by <see cref="Visible"/> until now, since the stream has ended.</summary>
    protected virtual ReadOnlySpan<byte> VisibleAtEnd() => default;

    public virtual ValueTask DisposeAsync()
    {
        Socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Forget()
    {
        int left = (int)_received.Length - _taken;
        if (_taken < 1024 * 1024 && left > 0)
            return;
        Buffer.BlockCopy(_received.GetBuffer(), _taken, _received.GetBuffer(), 0, left);
        _received.SetLength(left);
        _received.Position = left;
        _taken = 0;
    }

    private async Task ReceiveMore(string what)
    {
        if (_end is null)
            await TryReceive(what);
        if (_end is not null)
            throw new XunitException($"{this}: the stream ended ({_end}) while {what} was awaited; received so far: {Shortened(Received)}");
    }

    private async Task<int> TryReceive(string what, bool keeps = true, long countMax = long.MaxValue)
    {
        try
        {
            Memory<byte> target = _block.AsMemory(0, (int)Math.Min(countMax, _block.Length));
            Task<int> received = _records is null ? Socket.ReceiveAsync(target).AsTask() : _records.Receive(target);
            int count = await Deadline.For(received, () => $"{this}: {what}; received so far: {Shortened(Received)}");
            if (count == 0)
                End(_records is { IsCut: true } ? StreamEnd.Cut : StreamEnd.Fin);
            else if (keeps)
                _received.Write(Visible(_block.AsSpan(0, count)));
            return count;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            End(StreamEnd.Reset);
            return 0;
        }
    }

    private void End(StreamEnd end)
    {
        _end = end;
        _received.Write(VisibleAtEnd());
    }

    private static string Shortened(string text) => text.Length <= 2000 ? text : text[..1000] + " ... " + text[^1000..];
}
