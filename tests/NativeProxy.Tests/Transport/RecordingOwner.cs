using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// A connection owner that writes down what it hears, in order, and lets a test wait for it. Events: "connected", "received", "end",
/// "drained", "send failed X", "failed X", "closed". The hooks run on the loop thread, after the event was written down.
/// </summary>
internal sealed class RecordingOwner : IConnectionOwner
{
    private readonly Lock _gate = new();
    private readonly List<string> _events = [];
    private readonly List<byte> _received = [];
    private readonly List<(Func<RecordingOwner, bool> Condition, TaskCompletionSource Reached)> _waiting = [];

    public Action<TcpConnection>? WhenConnected { get; init; }

    public Action<TcpConnection, byte[]>? WhenReceived { get; init; }

    public Action<TcpConnection>? WhenEnded { get; init; }

    public Action<TcpConnection>? WhenDrained { get; init; }

    public Action<TcpConnection>? WhenFailed { get; init; }

    public Action<TcpConnection>? WhenClosed { get; init; }

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

    /// <summary>Waits until the condition holds; it is asked now and after each event.</summary>
    public async Task Until(Func<RecordingOwner, bool> condition)
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

    public Task UntilClosed() => Until(static owner => owner.Count("closed") > 0);

    public void OnConnected(TcpConnection connection)
    {
        Write("connected");
        WhenConnected?.Invoke(connection);
    }

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        lock (_gate)
            _received.AddRange(copy);
        LargestDelivery = Math.Max(LargestDelivery, copy.Length);
        Write("received");
        WhenReceived?.Invoke(connection, copy);
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        Write("end");
        WhenEnded?.Invoke(connection);
    }

    public void OnSendDrained(TcpConnection connection)
    {
        Write("drained");
        WhenDrained?.Invoke(connection);
    }

    public void OnSendFailed(TcpConnection connection, SocketError error) => Write("send failed " + error);

    public void OnFailed(TcpConnection connection, SocketError error)
    {
        Write("failed " + error);
        WhenFailed?.Invoke(connection);
    }

    public void OnClosed(TcpConnection connection)
    {
        Write("closed");
        WhenClosed?.Invoke(connection);
    }

    private void Write(string text)
    {
        lock (_gate)
            _events.Add(text);
        Ask();
    }

    private void Ask()
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (!_waiting[i].Condition(this))
                    continue;
                _waiting[i].Reached.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }
    }
}
