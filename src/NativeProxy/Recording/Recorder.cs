using System;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Timers;

namespace NativeProxy.Recording;

/// <summary>
/// The flight recorder of one worker: keeps the last refused messages of either side. Good messages never come here; of the others it copies a
/// bounded part, a bounded number of times each second, whoever sends them. Owner: the worker; thread: its loop. Never allocates for a message.
/// </summary>
internal sealed class Recorder
{
    /// <summary>Messages of one side that are taken within a second; a flood costs no more, and what is not taken is counted.</summary>
    private const int MessagesPerSecond = 50;

    /// <summary>Of one rule: what many send must not drive out what one sends, at once.</summary>
    private const int MessagesOfRulePerSecond = 5;

    private const long WindowMs = 1000;

    private readonly LoopClock _clock;
    private readonly MessageRing _ofClients;
    private readonly MessageRing _ofServers;
    private readonly Window _takenOfClients = new();
    private readonly Window _takenOfServers = new();
    private Redaction _redaction = Redaction.Off;
    private int _capacity;
    private int _messageBytes;
    private long _windowBeganMs = long.MinValue / 2;

    /// <param name="board">Where it writes.</param>
    /// <param name="worker">Which worker it is.</param>
    /// <param name="clock">Of the loop.</param>
    public Recorder(RecorderBoard board, int worker, LoopClock clock)
    {
        _clock = clock;
        Connections = new ConnectionRecorder(board, worker, clock);
        _ofClients = board.Messages(worker, isOfServer: false);
        _ofServers = board.Messages(worker, isOfServer: true);
    }

    /// <summary>Records connections, while that is wanted.</summary>
    public ConnectionRecorder Connections { get; }

    /// <summary>What the settings say is to be hidden.</summary>
    public static Redaction RedactionOf(in RecorderSettings settings) =>
        new(settings.Redact, settings.RedactQuery, NamesOf(settings.RedactHeaders));

    /// <summary>Takes settings over.</summary>
    public void Apply(in RecorderSettings settings)
    {
        _capacity = settings.Messages;
        _messageBytes = (int)settings.MessageBytes;
        _redaction = RedactionOf(settings);
    }

    /// <summary>Whether a refused message is to be given to <see cref="Take"/>; finding the place where it broke costs something.</summary>
    /// <param name="isOfServer">It came from a server.</param>
    /// <param name="reason">The rule that it broke.</param>
    public bool Wants(bool isOfServer, RejectReason reason)
    {
        if (_capacity == 0)
            return false;
        if (_clock.NowMs - _windowBeganMs >= WindowMs)
        {
            _windowBeganMs = _clock.NowMs;
            _takenOfClients.Begin();
            _takenOfServers.Begin();
        }
        if (WindowOf(isOfServer).HasRoom(reason))
            return true;
        RingOf(isOfServer).Skip();
        return false;
    }

    /// <summary>Keeps a message that <see cref="Wants"/> has asked for.</summary>
    public void Take(in RefusedMessage message)
    {
        MessageRecord record = MessageRecord.Of(message);
        WindowOf(record.IsOfServer).Add(record.Reason);
        record.WallMs = _clock.WallMs;
        record.IsRedacted = _redaction.IsOn;
        record.KeptBytes = Math.Min(message.Bytes.Length, _messageBytes);

        // A quarter of the room for what follows the place.
        int from = message.Place - (record.KeptBytes * 3 / 4);
        record.KeptFrom = message.Place < record.KeptBytes ? 0 : Math.Clamp(from, 0, message.Bytes.Length - record.KeptBytes);
        RingOf(record.IsOfServer).Add(record, message.Bytes, _capacity, _redaction);
    }

    private static byte[][] NamesOf(ImmutableArray<string> names)
    {
        byte[][] lower = new byte[names.Length][];
        for (int i = 0; i < lower.Length; i++)
            lower[i] = Encoding.ASCII.GetBytes(names[i].ToLowerInvariant());
        return lower;
    }

    private MessageRing RingOf(bool isOfServer) => isOfServer ? _ofServers : _ofClients;

    private Window WindowOf(bool isOfServer) => isOfServer ? _takenOfServers : _takenOfClients;

    /// <summary>What was taken of one side in the present second: a flood of clients must not hide what a server says.</summary>
    private sealed class Window
    {
        private readonly byte[] _ofRule = new byte[RejectReasons.Count];
        private int _count;

        public void Begin()
        {
            _count = 0;
            Array.Clear(_ofRule);
        }

        public bool HasRoom(RejectReason reason) => _count < MessagesPerSecond && _ofRule[(int)reason] < MessagesOfRulePerSecond;

        public void Add(RejectReason reason)
        {
            _count++;
            _ofRule[(int)reason]++;
        }
    }
}
