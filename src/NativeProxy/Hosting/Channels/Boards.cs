using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using NativeProxy.Caching;
using NativeProxy.Hosting.Processes;
using NativeProxy.Quotas;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// The memory that supervisor and workers share: counters, servers, closed connections, signs of life, changes of what caches keep, counts of
/// limits, times of requests, what is recorded. A further board is added here and nowhere else. The supervisor makes it, workers inherit the
/// descriptors and attach. Owner: the process; dispose it after all loops have ended.
/// </summary>
internal sealed class Boards : IDisposable
{
    /// <summary>
    /// What an upgrade asks before it shares memory between two builds: a number that stands for the layout of all boards. A test works it out anew
    /// from the types and says what belongs here.
    /// </summary>
    public const string LayoutId = "2c0e3a82c1a2b8a9";

    /// <summary>Rows for each worker: those that serve, and those of two processes before it that still finish what runs.</summary>
    private const int RowsPerWorker = 3;

    private int[]? _inherited;

    private Boards(CounterBoard counters, ServerBoard servers, CloseBoard closes, PulseBoard pulses, ChangeBoard changes, LimitBoard limits,
        LatencyBoard latencies, RecorderBoard recordings)
    {
        Counters = counters;
        Servers = servers;
        Closes = closes;
        Pulses = pulses;
        Changes = changes;
        Limits = limits;
        Latencies = latencies;
        Recordings = recordings;
    }

    public CounterBoard Counters { get; }

    public ServerBoard Servers { get; }

    public CloseBoard Closes { get; }

    public PulseBoard Pulses { get; }

    public ChangeBoard Changes { get; }

    public LimitBoard Limits { get; }

    public LatencyBoard Latencies { get; }

    public RecorderBoard Recordings { get; }

    /// <summary>Those that traffic reads and writes.</summary>
    public SharedBoards OfTraffic => new(Servers, Changes, Limits, Latencies) { Recordings = Recordings };

    /// <summary>What a worker process must inherit, in the order that <see cref="Attach"/> expects.</summary>
    public int[] Descriptors => _inherited ??
    [
        Counters.Descriptor, Servers.Descriptor, Closes.Descriptor, Pulses.Descriptor, Changes.Descriptor, Limits.Descriptor, Latencies.Descriptor,
        Recordings.Descriptor,
    ];

    /// <summary>The descriptors as a word of a command line.</summary>
    public string DescriptorText => string.Join(',', Descriptors.Select(static descriptor => descriptor.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Memory of this process only.</summary>
    public static Boards CreatePrivate(int workers) =>
        new(CounterBoard.CreatePrivate(workers), ServerBoard.CreatePrivate(workers), CloseBoard.CreatePrivate(workers),
            PulseBoard.CreatePrivate(workers), ChangeBoard.CreatePrivate(), LimitBoard.CreatePrivate(workers),
            LatencyBoard.CreatePrivate(workers), RecorderBoard.CreatePrivate(workers));

    /// <summary>Memory that workers can attach to. Throws <see cref="IOException"/> when the system gives none.</summary>
    public static Boards CreateShared(int workers)
    {
        int rows = RowsPerWorker * workers;
        var boards = new Boards(CounterBoard.CreateShared(rows), ServerBoard.CreateShared(rows), CloseBoard.CreateShared(rows),
            PulseBoard.CreateShared(rows), ChangeBoard.CreateShared(), LimitBoard.CreateShared(rows), LatencyBoard.CreateShared(rows),
            RecorderBoard.CreateShared(rows));
        boards.Servers.SharerCount = workers;
        return boards;
    }

    /// <summary>
    /// The process that comes after another one maps what that one has, and goes on with it; the descriptors are this object's then. Errors as with
    /// <see cref="Attach"/>.
    /// </summary>
    public static Boards TakeOver(int[] descriptors)
    {
        Boards boards = Map(descriptors);
        boards._inherited = descriptors;
        boards.Servers.Serves = false;
        return boards;
    }

    /// <summary>
    /// In a worker: maps what the supervisor made and closes the inherited descriptors. Throws <see cref="InvalidDataException"/> when it is of
    /// another build.
    /// </summary>
    public static Boards Attach(string descriptorText)
    {
        int[] descriptors = [.. descriptorText.Split(',').Select(static word => int.Parse(word, CultureInfo.InvariantCulture))];
        Boards boards = Map(descriptors);
        foreach (int descriptor in descriptors)
            LinuxProcess.Close(descriptor);
        return boards;
    }

    /// <summary>The rows that no process has: as many as there are.</summary>
    public int[] FreeRows()
    {
        var free = new List<int>();
        for (int row = 0; row < Counters.WorkerCount; row++)
        {
            if (Counters.Row(row).ProcessId is var id && (id == 0 || !LinuxProcess.IsRunning(id)))
                free.Add(row);
        }
        return [.. free];
    }

    /// <summary>A worker of this process begins, perhaps after a crash: the row is its own, and what the one before it held is gone.</summary>
    public void BeginWorker(int row)
    {
        Counters.Row(row).ProcessId = Environment.ProcessId;
        Counters.Row(row).ClearGauges();
        ForgetWorker(row);
    }

    /// <summary>A worker has ended: what it held is free for the others. Safe to repeat; not while it runs.</summary>
    public void ForgetWorker(int row)
    {
        Servers.ForgetWorker(row);
        Limits.ForgetWorker(row);
        Latencies.ForgetWorker(row);
    }

    /// <summary>
    /// A worker has ended, and no other one takes its place: its row is free for whoever comes, unless one has it already, since a process that comes
    /// later looks for rows, too.
    /// </summary>
    /// <param name="row">Its row.</param>
    /// <param name="processId">Its process.</param>
    public void EndWorker(int row, int processId)
    {
        LoopCounters counters = Counters.Row(row);
        if (counters.ProcessId != processId)
            return;
        counters.ClearGauges();
        ForgetWorker(row);
        counters.ProcessId = 0;
    }

    public void Dispose()
    {
        Counters.Dispose();
        Servers.Dispose();
        Closes.Dispose();
        Pulses.Dispose();
        Changes.Dispose();
        Limits.Dispose();
        Latencies.Dispose();
        Recordings.Dispose();
        foreach (int descriptor in _inherited ?? [])
            LinuxProcess.Close(descriptor);
        _inherited = null;
    }

    private static Boards Map(int[] descriptors) =>
        new(CounterBoard.Attach(descriptors[0]), ServerBoard.Attach(descriptors[1]), CloseBoard.Attach(descriptors[2]),
            PulseBoard.Attach(descriptors[3]), ChangeBoard.Attach(descriptors[4]), LimitBoard.Attach(descriptors[5]),
            LatencyBoard.Attach(descriptors[6]), RecorderBoard.Attach(descriptors[7]));
}
