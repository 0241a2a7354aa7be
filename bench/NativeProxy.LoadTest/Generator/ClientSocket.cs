using System;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// The socket of a <see cref="LoadConnection"/>, and its side of TLS where the load speaks it: opened, watched and closed again and again. Owns
/// the descriptor. Thread: that of its <see cref="LoadThread"/>.
/// </summary>
internal sealed class ClientSocket(LoadThread thread, uint index) : IDisposable
{
    private const int SlowReceiveBufferBytes = 8 * 1024;

    private readonly TlsSide? _tls = thread.Tls is { } client ? new TlsSide(client) : null;
    private int _descriptor = -1;
    private bool _isConnected;

    public bool IsOpen => _descriptor >= 0;

    /// <summary>What is waited for.</summary>
    public uint Watched { get; private set; }

    public Wire Wire => new(_descriptor, _tls);

    /// <summary>True exactly while there is something to receive that no event tells of.</summary>
    public bool HasMore => _tls is { HasMore: true };

    /// <summary>Begins to connect; false when no descriptor or no port is left.</summary>
    public bool Open()
    {
        _descriptor = TcpSocket.Connect(thread.Plan.Target, thread.SourceOf(index));
        if (_descriptor < 0)
            return false;
        if (thread.Plan.ReadBytesPerSecond > 0)
            TcpSocket.SetReceiveBuffer(_descriptor, SlowReceiveBufferBytes);
        Watched = Poller.Out;
        thread.Poller.Watch(_descriptor, Watched, index);
        return true;
    }

    /// <summary>Goes on with connecting and the handshake behind it. True when the connection is usable.</summary>
    /// <param name="problem">Not null when it will never be.</param>
    public bool Advance(out string? problem)
    {
        problem = null;
        if (!_isConnected)
        {
            int error = TcpSocket.ConnectError(_descriptor);
            problem = error != 0 ? $"cannot connect: errno {error}" : null;
            _isConnected = error == 0;
            if (_tls is null || !_isConnected)
                return _isConnected;
            _tls.Begin(_descriptor);
        }
        HandshakeStep step = _tls!.Advance(out problem);
        if (step is HandshakeStep.WaitsForBytes or HandshakeStep.WaitsForRoom)
            Watch(step == HandshakeStep.WaitsForBytes ? Poller.In : Poller.Out);
        return step == HandshakeStep.Done;
    }

    public void Watch(uint events)
    {
        if (events == Watched)
            return;
        Watched = events;
        thread.Poller.Change(_descriptor, events, index);
    }

    /// <summary>Without a reset, which the server may not yet have earned.</summary>
    public void Close()
    {
        _tls?.End();
        TcpSocket.Close(_descriptor);
        Forget();
    }

    /// <summary>With a reset, so that no port stays in TIME_WAIT.</summary>
    public void Abort()
    {
        _tls?.End();
        if (IsOpen)
            TcpSocket.Abort(_descriptor);
        Forget();
    }

    public void Dispose()
    {
        Abort();
        _tls?.Dispose();
    }

    private void Forget()
    {
        _descriptor = -1;
        _isConnected = false;
    }
}
