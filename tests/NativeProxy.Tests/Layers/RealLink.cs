using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Buffers;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Layers;

/// <summary>A <see cref="LayerLink"/> of one of the engines, over loopback.</summary>
internal sealed class RealLink(bool isEpoll, bool isServer, LinkEnds ends, long bufferBytes)
    : LayerLink(isServer, ends), IConnectionAcceptor
{
    private readonly LoopUnderTest _test = new(bufferBytes, isEpoll: isEpoll);
    private Socket _peer = null!;
    private TcpListenerSocket? _listener;
    private volatile bool _isAccepted;

    public bool MayAccept => true;

    public override Task<T> On<T>(Func<TcpConnection, T> function) => _test.Run(() => function(Connection));

    public override void Ship(ReadOnlySpan<byte> wire)
    {
        _peer.Blocking = true;
        while (!wire.IsEmpty)
        {
            int sent = _peer.Send(wire, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success)
                break;
            wire = wire[sent..];
        }
        _peer.Blocking = false;
    }

    public override void ShipEnd() => _peer.Shutdown(SocketShutdown.Send);

    public void OnAccepted(TcpConnection connection)
    {
        Connection = connection;
        connection.SetOwner(Owner);
        connection.StartReceive();
        _isAccepted = true;
    }

    public void OnAcceptFailed(SocketError error) => throw new SocketException((int)error);

    protected override void Reset() => _peer.Reset();

    protected override async Task Connect(bool isSecured)
    {
        Socket listening = Peers.Listen();
        if (IsServer)
        {
            await _test.Run(() =>
            {
                _listener = _test.Loop.Listen(listening, this, SocketTuning.Default);
                _listener.Security = isSecured ? Security : null;
                _listener.Resume();
            });
            _peer = Peers.Connect(listening);
            await _test.Until(() => _isAccepted, "accepted");
        }
        else
        {
            Connection = await _test.Run(() =>
                _test.Loop.Connect((IPEndPoint)listening.LocalEndPoint!, Owner, SocketTuning.Default, isSecured ? Security : null));
            _peer = Peers.Accept(listening);
            listening.Dispose();
        }
        _peer.Blocking = false;
    }

    protected override async Task<bool> Step()
    {
        await _test.Run(static () => { });
        await Task.Yield();
        return true;
    }

    protected override int Fetch(byte[] target, out SocketError error) => _peer.Receive(target, 0, target.Length, SocketFlags.None, out error);

    protected override async Task End()
    {
        await _test.Run(() => _listener?.Close());
        await _test.AssertEmpty();
        _peer.Dispose();
        _test.Dispose();
    }
}
