using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// Writes down what a fake hears on the loop thread, in order, and lets a test wait for it. Reading is safe from any thread.
/// </summary>
internal abstract class EventRecorder
{
    private readonly Lock _gate = new();
    private readonly List<string> _events = [];
    private readonly List<byte> _received = [];
    private readonly List<(Func<bool> Condition, TaskCompletionSource Reached)> _waiting = [];

    public string[] Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    /// <summary>The events without the deliveries of bytes, whose number depends on how the kernel cut the stream.</summary>
    public string[] Signals => [.. Events.Where(static text => text != "received")];

    public byte[] Received
    {
        get
        {
            lock (_gate)
                return [.. _received];
        }
    }

    public int ReceivedBytes
    {
        get
        {
            lock (_gate)
                return _received.Count;
        }
    }

    public int LargestDelivery { get; private set; }

    public int Count(string text) => Events.Count(seen => seen == text);

    /// <summary>Waits until the event was written down this many times.</summary>
    public Task UntilSeen(string text, int times = 1) => UntilHolds(() => Count(text) >= times);

    protected async Task UntilHolds(Func<bool> condition)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _waiting.Add((condition, reached));
        Ask();
        try
        {
            await reached.Task.WaitAsync(LoopUnderTest.Deadline);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"not reached; seen: {string.Join(", ", Events.TakeLast(20))}; {ReceivedBytes} bytes received");
        }
    }

    protected void Write(string text)
    {
        lock (_gate)
            _events.Add(text);
        Ask();
    }

    protected byte[] WriteBytes(ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        lock (_gate)
            _received.AddRange(copy);
        LargestDelivery = Math.Max(LargestDelivery, copy.Length);
        Write("received");
        return copy;
    }

    /// <summary>Conditions are asked now and after each event.</summary>
    private void Ask()
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!_waiting[i].Condition())
                    continue;
                _waiting[i].Reached.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }
    }
}
