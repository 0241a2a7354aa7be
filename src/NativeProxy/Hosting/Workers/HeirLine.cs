using System;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Hosting.Channels;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The line to the worker that comes after this one at an upgrade: client connections go over it as they idle. Bounded by what the kernel lets be on
/// its way; then the rest waits a moment. Thread: the loop. Never waits.
/// </summary>
internal sealed class HeirLine : ITimerOwner
{
    /// <summary>How long a full line rests.</summary>
    private const long RestMs = 2;

    private readonly EventLoop _loop;
    private readonly Socket? _line;
    private readonly Action _again;
    private readonly TimerNode _rest;
    private bool _isFull;
    private bool _isGone;

    /// <param name="loop">The loop.</param>
    /// <param name="line">The line; null when there is none, so that nothing can be handed over.</param>
    /// <param name="again">Called when connections that were not taken should be offered again.</param>
    public HeirLine(EventLoop loop, Socket? line, Action again)
    {
        _loop = loop;
        _line = line;
        _isGone = line is null;
        _again = again;
        _rest = new TimerNode(this);
    }

    /// <summary>Offers a connection; false when it is not taken, or not now.</summary>
    /// <param name="connection">The connection, which idles.</param>
    /// <param name="listener">The name of its listener, in UTF-8.</param>
    public bool TryGive(ClientConnection connection, ReadOnlySpan<byte> listener)
    {
        if (_isFull || _isGone)
            return false;
        long nowMs = _loop.Clock.NowMs;
        var client = new HandedClient
        {
            Id = connection.Id,
            AgeMs = connection.AgeMs,
            IdleMs = connection.IdleSinceMs < 0 ? 0 : Math.Max(0, nowMs - connection.IdleSinceMs),
            RequestCount = connection.RequestCount,
            Peer = connection.Peer,
            Announced = connection.Identity?.Client ?? default,
            AnnouncedLocal = connection.Identity?.Local ?? default,
            IsHttps = connection.Identity is { IsHttps: true },
        };
        Span<byte> message = stackalloc byte[HandedClient.BytesMax];
        int length = client.Write(message, listener);
        PassResult result = DescriptorPassing.SendWith((int)_line!.Handle, message[..length], connection.Tcp!.Descriptor);
        _isGone = result == PassResult.Gone;
        _isFull = result == PassResult.Full;
        if (_isFull)
            _loop.Wheel.Arm(_rest, nowMs + RestMs);
        return result == PassResult.Sent;
    }

    /// <summary>Nothing more goes over it: the worker behind it sees its end.</summary>
    public void Close()
    {
        _isGone = true;
        _loop.Wheel.Remove(_rest);
        _line?.Dispose();
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        _isFull = false;
        _again();
    }
}
