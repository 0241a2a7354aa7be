using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Operating;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Workers;
using NativeProxy.Ledger;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// A worker as it is, listeners, sessions, exchanges and upstreams, on a <see cref="ReplayLoop"/>: prints what it says of messages and of the ends of
/// connections. Owner: a <see cref="ReplayRun"/>; thread: the one that calls. Opens no socket, reads no file, asks nobody.
/// </summary>
internal sealed class ReplayWorld : IDisposable
{
    private const int BufferBytes = 64 * 1024 * 1024;

    /// <summary>Turns of the loop that are enough for the longest record.</summary>
    private const int TurnsMax = 20_000_000;

    private readonly Boards _boards = Boards.CreatePrivate(1);
    private readonly LogRing _log = new(1 << 20);
    private readonly LogNames _names = new();
    private readonly ReplayTime _time;
    private readonly TextWriter _output;
    private readonly List<string> _listenerNames = [];
    private readonly long[] _refusedCounts = new long[2];
    private long _closeCount;
    private int _turns;

    /// <param name="settings">By which it serves; see <see cref="ReplaySettings"/>.</param>
    /// <param name="beganWallMs">When the recording began.</param>
    /// <param name="output">Takes the lines.</param>
    public ReplayWorld(ProxySettings settings, long beganWallMs, TextWriter output)
    {
        _output = output;
        _time = new ReplayTime(beganWallMs);
        Loop = new ReplayLoop(new BufferPools(BufferBytes), _time);
        LoopCounters counters = _boards.Counters.Row(0);
        var ledger = new CloseLedger(counters, _boards.Closes.Ring(0), log: null, Loop.Clock);
        var accessLog = new ExchangeLog(_log, _names, Loop.Clock, wantsFields: false);
        var traffic = new TrafficPlan(
            Loop, new WorkerPlace(0, 1, 0, 1), counters, _boards.OfTraffic, TrafficSecurity.None, accessLog, ledger, socketsMax: 0, static _ => { });
        _boards.Servers.Publish(settings);
        _boards.Limits.Publish(settings);
        var sockets = new List<ListeningSocket>();
        foreach (ListenerSettings listener in settings.Listeners)
        {
            foreach (string bind in listener.Bind)
            {
                sockets.Add(new ListeningSocket(bind, null!));
                _listenerNames.Add(listener.Name);
            }
        }
        Loop.InTurn(() => traffic.Apply(settings, ReplaySettings.EndPointsOf(settings), sockets, TlsPolicies.None));
        Settle();
    }

    public ReplayLoop Loop { get; }

    /// <summary>Since the recording began, in ms.</summary>
    public long NowMs => _time.NowMs;

    /// <summary>Nothing more is done: it went round in circles.</summary>
    public bool IsStuck => _turns >= TurnsMax;

    /// <summary>One line, with the time.</summary>
    public void Say(string text) => _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{NowMs / 1000.0,10:0.000}  {text}"));

    /// <summary>A client connects to a listener. Null when nobody has that name.</summary>
    /// <param name="listener">Its name.</param>
    /// <param name="client">Who connects.</param>
    /// <param name="local">To which address; not given where the record does not tell.</param>
    public ReplayConnection? Accept(string listener, PeerAddress client, PeerAddress local)
    {
        int index = _listenerNames.IndexOf(listener);
        if (index < 0 || index >= Loop.Listeners.Count)
            return null;
        var connection = new ReplayConnection(Loop);
        Loop.InTurn(() =>
        {
            connection.BeginAccepted(client, local);
            Loop.Listeners[index].Take(connection);
        });
        return connection;
    }

    /// <summary>Everything happens that follows from what is there.</summary>
    public void Settle()
    {
        while ((Loop.HasWork || Loop.WakeAtMs <= _time.NowMs) && !IsStuck)
        {
            _turns++;
            Loop.Turn();
            Report();
        }
        Report();
    }

    /// <summary>Time goes on, and everything happens that is due on the way.</summary>
    public void MoveTo(long nowMs)
    {
        while (Loop.WakeAtMs <= nowMs && !IsStuck)
        {
            _time.MoveTo(Loop.WakeAtMs);
            Settle();
        }
        _time.MoveTo(nowMs);
    }

    public void Dispose()
    {
        _log.Dispose();
        _boards.Dispose();
    }

    private void Report()
    {
        for (int side = 0; side < 2; side++)
        {
            MessageRing ring = _boards.Recordings.Messages(0, isOfServer: side == 1);
            for (; _refusedCounts[side] < ring.Count; _refusedCounts[side]++)
            {
                if (ring.TryRead((int)(ring.Count - 1 - _refusedCounts[side]), out MessageRecord record, out byte[] kept))
                    SayRefused(record, kept);
            }
        }
        while (_log.TryPeek(out ReadOnlySpan<byte> slot))
        {
            if (MemoryMarshal.Read<LogRecordKind>(slot) != LogRecordKind.Close)
            {
                var text = new LogText();
                HaproxyFormat.Append(text, AccessRecordCodec.Read(slot), _names);
                Say("log: " + Encoding.UTF8.GetString(text.Bytes).TrimEnd());
            }
            _log.Release();
        }
        CloseRing closes = _boards.Closes.Ring(0);
        for (; _closeCount < closes.Count; _closeCount++)
        {
            if (closes.TryRead((int)(closes.Count - 1 - _closeCount), out CloseRecord record))
                SayClosed(record);
        }
    }

    private void SayRefused(in MessageRecord record, ReadOnlySpan<byte> kept)
    {
        RuleWords words = RuleWords.Of(record.Part, record.Reason, record.Error);
        Say($"refused {CodeText.Of(record.Part.ToString()).Replace('_', ' ')}: {record.Rule} at byte {record.Place}: {words.Says}");
        MessageDump.Write(_output, kept, record.KeptFrom, record.Place);
    }

    private void SayClosed(in CloseRecord record)
    {
        string side = record.Side == ConnectionSide.Client ? "client" : "server";
        string server = Encoding.UTF8.GetString(record.Server.Bytes);
        string place = Encoding.UTF8.GetString(record.Place.Bytes) + (server.Length > 0 ? "/" + server : "");
        Say($"closed {side} connection of {place}: {record.ReasonCode}, by {CloseRecord.CodeOf(record.By)}, {record.Uses} requests");
    }
}
