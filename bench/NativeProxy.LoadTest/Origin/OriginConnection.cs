using System;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Origin;

/// <summary>
/// One connection of the origin: reads requests, checks their bodies, answers in order. Owns its descriptor and what is left unread and
/// unsent. Thread: that of its <see cref="OriginThread"/>.
/// </summary>
internal sealed unsafe class OriginConnection(OriginThread thread, int descriptor)
{
    private enum State
    {
        /// <summary>before or inside a request head</summary>
        Head,

        /// <summary>inside a request body</summary>
        Body,

        /// <summary>the path asked for a delay that is not over</summary>
        Delayed,

        /// <summary>the socket takes no more now</summary>
        Sending,

        Closed,
    }

    private const int TailBytesMax = 256 * 1024;

    /// <summary>Answers to pipelined requests that are gathered for one send.</summary>
    private const int OutputBytesMax = 256 * 1024;

    private State _state;
    private MessageHead _request;
    private OriginPath _asked;
    private BodyReader _body;
    private BodySender _answer;
    private UnsentBytes _unsent;
    private byte[] _tail = [];
    private int _tailBytes;
    private long _bodyBytes;
    private bool _isBodyRight;
    private bool _isBodyPlanned;

    public int Descriptor => descriptor;

    public bool IsClosed => _state == State.Closed;

    public void OnEvent(uint events)
    {
        if (_state == State.Sending)
            OnWritable();
        else if (_state is State.Head or State.Body)
            OnReadable();
        else if ((events & ~(Poller.In | Poller.Out)) != 0)
            Close();
    }

    /// <summary>The delay is over.</summary>
    public void OnDue()
    {
        if (_state != State.Delayed)
            return;
        thread.Counters.Delayed--;
        Answer();
        Go(ReadTail());
    }

    public void Close()
    {
        if (_state == State.Closed)
            return;
        thread.Counters.Delayed -= _state == State.Delayed ? 1 : 0;
        _state = State.Closed;
        TcpSocket.Close(descriptor);
        thread.Remove(this);
    }

    private void OnReadable()
    {
        int kept = CopyTail();
        int count = TcpSocket.Receive(descriptor, thread.Input + kept, OriginThread.InputBytes - kept);
        if (count == TcpSocket.Blocked)
            return;
        if (count <= 0)
        {
            Close();
            return;
        }
        _tailBytes = 0;
        Go(new ReadOnlySpan<byte>(thread.Input, kept + count));
    }

    private void OnWritable()
    {
        if (!_unsent.IsEmpty && _unsent.Send(new Wire(descriptor)) == TcpSocket.Broken)
        {
            Close();
            return;
        }
        if (!_unsent.IsEmpty)
            return;
        SendBody();
        Go(ReadTail());
    }

    /// <summary>Handles as many requests as the input holds, keeps the rest, sends what has gathered.</summary>
    private void Go(ReadOnlySpan<byte> input)
    {
        while (_state is State.Head or State.Body && input.Length > 0)
        {
            int used = _state == State.Head ? TakeHead(input) : TakeBody(input);
            if (used == 0)
                break;
            input = input[used..];
            if (thread.Output.Count > OutputBytesMax)
                Flush();
        }
        if (_state == State.Closed)
        {
            thread.Output.Clear();
            return;
        }
        KeepTail(input);
        Flush();
        if (_state != State.Closed)
            thread.Watch(this, _state switch { State.Sending => Poller.Out, State.Delayed => 0, _ => Poller.In });
    }

    private int TakeHead(ReadOnlySpan<byte> input)
    {
        HeadOutcome outcome = MessageHead.Read(input, out _request);
        ReadOnlySpan<byte> target = outcome == HeadOutcome.Done ? MessageHead.TargetOf(input[.._request.FirstLineBytes]) : default;
        if (outcome == HeadOutcome.NeedMore && input.Length < TailBytesMax)
            return 0;
        if (target.IsEmpty)
        {
            Close();
            return 0;
        }
        if (target.SequenceEqual("/control"u8))
        {
            thread.AnswerControl();
            CloseIfAsked();
            return _request.Bytes;
        }
        if (!OriginPath.TryRead(target, out _asked))
            _asked = new OriginPath { Status = 404 };
        thread.Counters.Requests++;
        if (_request.ExpectsContinue)
            thread.Output.Append("HTTP/1.1 100 Continue\r\n\r\n"u8);
        _isBodyPlanned = _request.IsChunked || _request.ContentLength > 0;
        _body = new BodyReader(_request.IsChunked ? BodyKind.Chunked : BodyKind.Length, Math.Max(0, _request.ContentLength));
        _bodyBytes = 0;
        _isBodyRight = true;
        if (_isBodyPlanned)
            _state = State.Body;
        else
            Plan();
        return _request.Bytes;
    }

    private int TakeBody(ReadOnlySpan<byte> input)
    {
        int used = 0;
        while (used < input.Length && !_body.IsDone && !_body.IsBroken)
        {
            used += _body.Take(input[used..], out ReadOnlySpan<byte> content);
            _isBodyRight &= !_request.HasId || BodyPattern.Matches(_request.Id, _bodyBytes, content);
            _bodyBytes += content.Length;
        }
        thread.Counters.BodyBytes += used;
        if (_body.IsBroken)
            Close();
        else if (_body.IsDone)
            Plan();
        return used;
    }

    /// <summary>The request is complete: answer now or after its delay. A body that is not the one of its id is answered with 422.</summary>
    private void Plan()
    {
        if (!_isBodyRight)
            _asked = new OriginPath { Status = 422 };
        if (_asked.DelayMs == 0)
        {
            Answer();
            return;
        }
        _state = State.Delayed;
        thread.AnswerLater(this, _asked.DelayMs);
    }

    private void Answer()
    {
        OriginResponse.AppendHead(thread.Output, _asked, _request, _isBodyPlanned ? _bodyBytes : -1);
        _answer = new BodySender(_request.Id, _asked.SizeBytes, _asked.ChunkBytes);
        SendBody();
    }

    private void SendBody()
    {
        bool isAll = _answer.Advance(thread.Output, ref _unsent, new Wire(descriptor), out bool isBroken);
        if (isBroken)
            Close();
        else
            _state = isAll && _unsent.IsEmpty ? State.Head : State.Sending;
        CloseIfAsked();
    }

    private void CloseIfAsked()
    {
        if (_state != State.Head || !_request.IsClosing)
            return;
        Flush();
        if (_unsent.IsEmpty)
            Close();
    }

    private void Flush()
    {
        if (!BodySender.Flush(thread.Output, ref _unsent, new Wire(descriptor)))
            Close();
        else if (!_unsent.IsEmpty)
            _state = State.Sending;
    }

    private void KeepTail(ReadOnlySpan<byte> rest)
    {
        _tailBytes = rest.Length;
        if (rest.IsEmpty)
            return;
        if (_tail.Length < rest.Length)
            _tail = new byte[rest.Length * 2];
        rest.CopyTo(_tail);
    }

    private int CopyTail()
    {
        _tail.AsSpan(0, _tailBytes).CopyTo(new Span<byte>(thread.Input, OriginThread.InputBytes));
        return _tailBytes;
    }

    private ReadOnlySpan<byte> ReadTail()
    {
        int kept = CopyTail();
        _tailBytes = 0;
        return new ReadOnlySpan<byte>(thread.Input, kept);
    }
}
