using System;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// One client connection: sends requests, reads their answers, has each checked, and opens anew when the server has closed it lawfully.
/// Owns its socket, its requests in flight and its place in the answer. Thread: that of its <see cref="LoadThread"/>.
/// </summary>
internal sealed unsafe class LoadConnection : IDisposable
{
    private enum State
    {
        /// <summary>no socket</summary>
        Closed,

        /// <summary>connect, or the handshake behind it, in flight</summary>
        Connecting,

        /// <summary>usable; busy exactly when something is in flight</summary>
        Open,

        /// <summary>the server has announced its close; only its end may come</summary>
        Ending,
    }

    private const int HeadBytesMax = 64 * 1024;

    private readonly LoadThread _thread;
    private readonly uint _index;
    private readonly ClientSocket _socket;
    private State _state;
    private long _openedNs;
    private ulong _sequence;
    private InFlight _inFlight;
    private UnsentBytes _unsent;
    private BodySender _request;
    private bool _isRequestSent = true;

    private byte[] _tail = [];
    private int _tailBytes;
    private MessageHead _head;
    private bool _isInBody;
    private int _status;
    private BodyReader _body;
    private long _bodyBytes;
    private uint _checksum;

    public LoadConnection(LoadThread thread, uint index)
    {
        _thread = thread;
        _index = index;
        _socket = new ClientSocket(thread, index);
        _inFlight = new InFlight(thread.Plan.Pipeline);
    }

    public int InFlightCount => _inFlight.Count;

    public bool IsFree => _state == State.Open && _inFlight.Count == 0;

    /// <summary>True exactly while it stands in the open loop's queue of free connections.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Since when the oldest request waits for its answer, or the connection to be usable; long.MaxValue = nothing waits.</summary>
    public long WaitingSinceNs => _inFlight.Count > 0 ? _inFlight.FirstStartNs : _state == State.Connecting ? _openedNs : long.MaxValue;

    public long StartNsAt(int index) => _inFlight.StartNsAt(index);

    public void Open()
    {
        _openedNs = LoadThread.NowNs();
        if (_socket.Open())
            _state = State.Connecting;
        else
            Fail("cannot open a connection: no descriptor or no port left");
    }

    public void Dispose()
    {
        _socket.Dispose();
        Reset();
    }

    public void OnEvent(uint events)
    {
        if (_state == State.Connecting)
        {
            OnConnected();
            return;
        }
        if ((events & _socket.Watched & Poller.Out) != 0)
            OnWritable();
        if ((events & ~Poller.Out) == 0)
            return;
        do
        {
            if (_state is State.Open or State.Ending)
                OnReadable(LoadThread.InputBytes);
        }
        while (_socket.HasMore);
    }

    /// <summary>A slow connection's turn: it may write and read so many bytes.</summary>
    public void OnPace(int writeBytesMax, int readBytesMax)
    {
        if (_state is not (State.Open or State.Ending))
            return;
        if (writeBytesMax > 0 && !_unsent.IsEmpty && _unsent.Send(_socket.Wire, writeBytesMax) == TcpSocket.Broken)
            Lost("reset while sending");
        else if (readBytesMax > 0)
            OnReadable(readBytesMax);
    }

    /// <summary>Sends requests together. The connection is open and nothing is in flight.</summary>
    /// <param name="startNs">From when their latency counts.</param>
    public void Send(int count, long startNs)
    {
        LoadPlan plan = _thread.Plan;
        for (int i = 0; i < count; i++)
        {
            ulong id = (((ulong)_index + 1) << 32) | ++_sequence;
            _inFlight.Add(id, startNs);
            _thread.Template.AppendHead(_thread.Output, id);
            _request = plan.HasBody ? new BodySender(id, plan.BodyBytes, plan.BodyChunkBytes) : default;
        }
        if (plan.WriteBytesPerSecond > 0)
        {
            _request.AppendAll(_thread.Output);
            _unsent.Keep(_thread.Output.Bytes);
            _thread.Output.Clear();
            _isRequestSent = true;
            return;
        }
        Push();
    }

    private void OnConnected()
    {
        if (!_socket.Advance(out string? problem))
        {
            if (problem is not null)
                Fail(problem);
            return;
        }
        _state = State.Open;
        Await();
        _thread.OnOpened(this);
    }

    private void OnWritable()
    {
        if (!_unsent.IsEmpty && _unsent.Send(_socket.Wire) == TcpSocket.Broken)
            Lost("reset while sending");
        else if (_unsent.IsEmpty)
            Push();
    }

    /// <summary>Sends what the output and the body hold, as far as the socket takes it.</summary>
    private void Push()
    {
        _isRequestSent = _request.Advance(_thread.Output, ref _unsent, _socket.Wire, out bool isBroken);
        isBroken |= !BodySender.Flush(_thread.Output, ref _unsent, _socket.Wire);
        if (isBroken)
            Lost("reset while sending");
        else
            Await();
    }

    /// <summary>Waits for room while something is unsent, otherwise for bytes; a slow connection is not told, it looks on its turn.</summary>
    private void Await()
    {
        bool isUnsent = !_isRequestSent || (!_unsent.IsEmpty && _thread.Plan.WriteBytesPerSecond == 0);
        _socket.Watch(isUnsent ? Poller.Out | Poller.In : _thread.Plan.ReadBytesPerSecond > 0 ? 0 : Poller.In);
    }

    private void OnReadable(int countMax)
    {
        _tail.AsSpan(0, _tailBytes).CopyTo(new Span<byte>(_thread.Input, LoadThread.InputBytes));
        int count = _socket.Wire.Receive(_thread.Input + _tailBytes, Math.Min(countMax, LoadThread.InputBytes - _tailBytes));
        if (count == TcpSocket.Blocked)
            return;
        if (count <= 0)
        {
            OnEnd(count == TcpSocket.Broken);
            return;
        }
        var input = new ReadOnlySpan<byte>(_thread.Input, _tailBytes + count);
        _tailBytes = 0;
        long nowNs = LoadThread.NowNs();
        while (input.Length > 0 && _state == State.Open && _inFlight.Count > 0)
        {
            int used = _isInBody ? TakeBody(input, nowNs) : TakeHead(input, nowNs);
            if (used == 0)
                break;
            input = input[used..];
        }
        if (!_socket.IsOpen)
            return;
        if (input.Length > 0 && (_inFlight.Count == 0 || _state == State.Ending))
            Fail($"{input.Length} bytes that belong to no request: {Excerpt(input)}");
        else
            KeepTail(input);
        if (_inFlight.Count == 0 && _state == State.Open)
            _thread.OnFree(this, nowNs);
    }

    private int TakeHead(ReadOnlySpan<byte> input, long nowNs)
    {
        HeadOutcome outcome = MessageHead.Read(input, out _head);
        if (outcome == HeadOutcome.NeedMore && input.Length < HeadBytesMax)
            return 0;
        _status = outcome == HeadOutcome.Done ? MessageHead.StatusOf(input[.._head.FirstLineBytes]) : -1;
        if (_status < 100)
        {
            Fail($"this is not a response head: {Excerpt(input)}");
            return 0;
        }
        if (_status < 200)
            return _head.Bytes;
        if (_thread.Check.OfHead(_status, _head, _inFlight.FirstId) is { } wrong)
        {
            Fail($"request {_inFlight.FirstId:x}: {wrong}; {Excerpt(input)}");
            return 0;
        }
        bool hasNone = _status is 204 or 304 || _thread.Plan.Method == "HEAD";
        BodyKind kind = hasNone
            ? BodyKind.None
            : _head.IsChunked
            ? BodyKind.Chunked
            : _head.ContentLength >= 0
            ? BodyKind.Length
            : BodyKind.UntilClose;
        _body = new BodyReader(kind, _head.ContentLength);
        _bodyBytes = 0;
        _checksum = 0;
        _isInBody = true;
        if (_body.IsDone)
            Complete(nowNs);
        return _head.Bytes;
    }

    private int TakeBody(ReadOnlySpan<byte> input, long nowNs)
    {
        int used = 0;
        while (used < input.Length && !_body.IsDone && !_body.IsBroken)
        {
            used += _body.Take(input[used..], out ReadOnlySpan<byte> content);
            if (_thread.Check.OfContent(_inFlight.FirstId, _bodyBytes, content, ref _checksum) is { } wrong)
            {
                Fail($"request {_inFlight.FirstId:x}: {wrong}");
                return 0;
            }
            _bodyBytes += content.Length;
        }
        if (_body.IsBroken)
            Fail($"request {_inFlight.FirstId:x}: broken chunk framing behind {_bodyBytes} bytes of content");
        else if (_body.IsDone)
            Complete(nowNs);
        return used;
    }

    private void Complete(long nowNs)
    {
        _isInBody = false;
        if (_thread.Check.OfEnd(_status, _bodyBytes, _checksum) is { } wrong)
        {
            Fail($"request {_inFlight.FirstId:x}: {wrong}");
            return;
        }
        _thread.OnAnswered(nowNs - _inFlight.FirstStartNs);
        _inFlight.RemoveFirst();
        if (!_head.IsClosing && _body.Kind != BodyKind.UntilClose)
            return;
        if (_inFlight.Count > 0)
            Lost("the server announced its close");
        else
            _state = State.Ending;
    }

    private void OnEnd(bool isReset)
    {
        if (_inFlight.Count > 0 && _isInBody && !isReset && _body.EndsWithClose())
            Complete(LoadThread.NowNs());
        if (_inFlight.Count > 0)
            Lost(isReset ? "reset by the server" : "closed by the server");
        if (!_socket.IsOpen)
            return;
        _socket.Close();
        Reset();
        _thread.OnClosed(this);
    }

    private void Lost(string why) =>
        Fail($"request {_inFlight.FirstId:x}: {why}, {_inFlight.Count} requests unanswered, {_bodyBytes} bytes of content arrived");

    private void Fail(string message)
    {
        _thread.Fail($"connection {_index}: {message}");
        _socket.Abort();
        Reset();
    }

    private void Reset()
    {
        _state = State.Closed;
        _inFlight.Clear();
        _unsent.Clear();
        _isRequestSent = true;
        _request = default;
        _isInBody = false;
        _tailBytes = 0;
    }

    private void KeepTail(ReadOnlySpan<byte> rest)
    {
        _tailBytes = rest.Length;
        if (_tail.Length < rest.Length)
            _tail = new byte[rest.Length * 2];
        rest.CopyTo(_tail);
    }

    private static string Excerpt(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[Math.Min(bytes.Length, 120)];
        for (int i = 0; i < text.Length; i++)
            text[i] = bytes[i] is >= 32 and < 127 ? (char)bytes[i] : '.';
        return $"\"{text}\"";
    }
}
