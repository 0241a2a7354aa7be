using System;
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
    public int[] Descriptors =>
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
    public static Boards CreateShared(int workers) =>
        new(CounterBoard.CreateShared(workers), ServerBoard.CreateShared(workers), CloseBoard.CreateShared(workers), PulseBoard.CreateShared(workers),
            ChangeBoard.CreateShared(), LimitBoard.CreateShared(workers), LatencyBoard.CreateShared(workers),
            RecorderBoard.CreateShared(workers));

    /// <summary>
    /// In a worker: maps what the supervisor made and closes the inherited descriptors. Throws <see cref="InvalidDataException"/> when it is of
    /// another build.
    /// </summary>
    public static Boards Attach(string descriptorText)
    {
        int[] descriptors = [.. descriptorText.Split(',').Select(static word => int.Parse(word, CultureInfo.InvariantCulture))];
        var boards = new Boards(CounterBoard.Attach(descriptors[0]), ServerBoard.Attach(descriptors[1]), CloseBoard.Attach(descriptors[2]),
            PulseBoard.Attach(descriptors[3]), ChangeBoard.Attach(descriptors[4]), LimitBoard.Attach(descriptors[5]),
            LatencyBoard.Attach(descriptors[6]), RecorderBoard.Attach(descriptors[7]));
        foreach (int descriptor in descriptors)
            LinuxProcess.Close(descriptor);
        return boards;
    }

    /// <summary>A worker begins, perhaps after a crash: what the one before it held is gone.</summary>
    public void BeginWorker(int index)
    {
        Counters.Row(index).ClearGauges();
        ForgetWorker(index);
    }

    /// <summary>A worker has ended: what it held is free for the others. Safe to repeat; not while it runs.</summary>
    public void ForgetWorker(int index)
    {
        Servers.ForgetWorker(index);
        Limits.ForgetWorker(index);
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
    }
}
