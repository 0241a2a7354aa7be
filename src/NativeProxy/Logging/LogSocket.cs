using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// Takes the lines of a log to a syslog or the journal. It never waits: what the other end does not take stands in a bounded queue, and what finds no
/// room there is dropped and counted. It connects again by itself, more and more seldom, and says once that it has to, and once that it is over.
/// Owner: a <see cref="LogTarget"/>; its thread, but for the figures.
/// </summary>
/// <param name="address">Where to.</param>
/// <param name="kind">What is spoken there.</param>
/// <param name="envelope">Makes messages of lines.</param>
/// <param name="name">What people call it.</param>
/// <param name="tell">Hears of trouble and of its end; must not be written to this socket.</param>
internal sealed class LogSocket(LogAddress address, LogSocketKind kind, LogEnvelope envelope, string name, Action<string> tell) : IDisposable
{
    /// <summary>Some thousand lines.</summary>
    public const int QueueBytes = 1024 * 1024;

    private const int RetryMsMin = 100;
    private const int RetryMsMax = 10_000;

    /// <summary>How long a connection may take.</summary>
    private const int ConnectMs = 5000;

    /// <summary>How soon a full socket is tried again.</summary>
    private const int FullMs = 20;

    /// <summary>How long all must be well until it is said: a datagram's failure is known with the next one only.</summary>
    private const int WellMs = 1000;

    /// <summary>How long the end waits for a reader who takes something.</summary>
    private const int EndMs = 1000;

    private readonly MessageQueue _queue = new(QueueBytes);
    private readonly LogText _message = new();
    private readonly LogText _frame = new();
    private readonly byte[] _heard = new byte[256];
    private LogLink? _link;

    /// <summary>Where the link goes.</summary>
    private EndPoint? _endPoint;

    /// <summary>Where to is not known for the first time yet.</summary>
    private bool _isAddressAwaited;
    private long _linesSent;
    private long _linesLost;
    private long _retryAtMs;
    private int _retryMs = RetryMsMin;
    private bool _isFull;
    private long _wellSinceMs;
    private long _lostBefore;

    /// <summary>True from the line that told of trouble to the one that tells of its end.</summary>
    private bool _isTold;

    /// <summary>Messages that the kernel took; any thread.</summary>
    public long LinesSent => Volatile.Read(ref _linesSent);

    /// <summary>Messages that found no room, or were too long for a datagram; any thread.</summary>
    public long LinesLost => Volatile.Read(ref _linesLost);

    /// <summary>Messages in the queue; any thread.</summary>
    public int LinesWaiting => _queue.Count;

    /// <summary>In how many milliseconds <see cref="Pump"/> has something to do, also without lines; -1 = nothing.</summary>
    public int NextMs(long nowMs)
    {
        if (_queue.IsEmpty)
            return _isTold && _link is not null ? FullMs * 10 : -1;
        if (_link is null)
            return (int)Math.Clamp(_retryAtMs - nowMs, 1, RetryMsMax);
        return FullMs;
    }

    /// <summary>Takes whole lines, and sends what can be sent. Who does not take it all is asked once more at the end, not for each line.</summary>
    public void Write(ReadOnlySpan<byte> lines, long nowMs)
    {
        bool isStuck = false;
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? lines : lines[..end];
            lines = lines[(end < 0 ? lines.Length : end + 1)..];
            if (line.IsEmpty)
                continue;
            ReadOnlySpan<byte> message = MessageOf(line);
            if (_queue.TryAdd(message))
                continue;
            if (!isStuck)
            {
                Pump(nowMs);
                isStuck = !_queue.IsEmpty;
            }
            if (!_queue.TryAdd(message))
                Lose("lines are dropped, because nobody takes them fast enough");
        }
        Pump(nowMs);
    }

    /// <summary>Connects if need be and sends what can be sent.</summary>
    public void Pump(long nowMs)
    {
        _isFull = false;
        if (_link is not null && _link.FailureHeard(_heard) is { } ended)
            Fail(ended, nowMs);
        LeaveIfElsewhere(nowMs);
        while (!_queue.IsEmpty && !_isFull && TryLink(nowMs))
            SendFirst(nowMs);
        bool isWell = _isTold && _link is { IsConnected: true } && !_isFull;
        _wellSinceMs = !isWell ? 0 : _wellSinceMs == 0 ? nowMs : _wellSinceMs;
        if (isWell && nowMs - _wellSinceMs >= WellMs)
            TellOfEnd();
    }

    /// <summary>Sends what the other end takes soon, and lets the rest go.</summary>
    public void Dispose()
    {
        long untilMs = Environment.TickCount64 + EndMs;
        for (long nowMs = Environment.TickCount64; nowMs < untilMs; nowMs = Environment.TickCount64)
        {
            Pump(nowMs);
            if (_queue.IsEmpty || (_link is null && !_isAddressAwaited && nowMs < _retryAtMs))
                break;
            Thread.Sleep(FullMs);
        }
        while (!_queue.IsEmpty)
        {
            _queue.RemoveFirst();
            Volatile.Write(ref _linesLost, _linesLost + 1);
        }
        _link?.Dispose();
        _link = null;
    }

    /// <summary>On TCP with its length and a blank before it (RFC 6587 3.4.1). Valid until the next one.</summary>
    private ReadOnlySpan<byte> MessageOf(ReadOnlySpan<byte> line)
    {
        _message.Clear();
        envelope.Append(_message, line);
        if (kind != LogSocketKind.SyslogTcp)
            return _message.Bytes;
        _frame.Clear();
        _frame.AppendNumber(_message.Length);
        _frame.Append(" "u8);
        _frame.Append(_message.Bytes);
        return _frame.Bytes;
    }

    /// <summary>True when there is a connection to send on.</summary>
    private bool TryLink(long nowMs)
    {
        if (_link is null)
        {
            if (nowMs < _retryAtMs)
                return false;
            _endPoint = address.Next(nowMs, out string problem);
            _isAddressAwaited = _endPoint is null && problem.Length == 0;
            if (_isAddressAwaited)
            {
                _retryAtMs = nowMs + FullMs;
                return false;
            }
            _link = _endPoint is null ? null : LogLink.Begin(_endPoint, kind, nowMs, out problem);
            if (_link is null)
            {
                Fail(problem, nowMs);
                return false;
            }
        }
        if (_link.IsConnected)
            return true;
        string? failure = _link.LookForConnection();
        if (failure is null && !_link.IsConnected && nowMs - _link.BegunMs > ConnectMs)
            failure = "no connection within 5 s";
        if (failure is not null)
            Fail(failure, nowMs);
        return _link is { IsConnected: true };
    }

    /// <summary>What it stands for now is another place: the next message goes there. A look at it costs nothing while nobody writes.</summary>
    private void LeaveIfElsewhere(long nowMs)
    {
        if (_link is not { IsInside: false } || _queue.IsEmpty || address.IsCurrent(_endPoint!, nowMs))
            return;
        _link.Dispose();
        _link = null;
        _retryAtMs = nowMs;
    }

    private void SendFirst(long nowMs)
    {
        switch (_link!.Send(_queue.First, out string problem))
        {
            case LogSendOutcome.Sent:
                _queue.RemoveFirst();
                Volatile.Write(ref _linesSent, _linesSent + 1);
                _retryMs = RetryMsMin;
                break;
            case LogSendOutcome.Full:
                _isFull = true;
                break;
            case LogSendOutcome.TooLong:
                _queue.RemoveFirst();
                Lose("lines are too long for a datagram");
                break;
            default:
                Fail(problem, nowMs);
                break;
        }
    }

    private void Fail(string problem, long nowMs)
    {
        _link?.Dispose();
        _link = null;
        _retryAtMs = nowMs;
        if (address.HasNext)
            return;
        _retryAtMs = nowMs + _retryMs;
        _retryMs = Math.Min(RetryMsMax, _retryMs * 2);
        TellOfTrouble($"it is not reached: {problem}; it is tried again, and lines wait as far as there is room");
    }

    private void Lose(string why)
    {
        TellOfTrouble(why);
        Volatile.Write(ref _linesLost, _linesLost + 1);
    }

    private void TellOfTrouble(string what)
    {
        if (_isTold)
            return;
        _isTold = true;
        _wellSinceMs = 0;
        _lostBefore = _linesLost;
        tell($"{name}: {what}");
    }

    private void TellOfEnd()
    {
        _isTold = false;
        tell($"{name}: it takes lines again; {_linesLost - _lostBefore} were dropped meanwhile");
    }
}
