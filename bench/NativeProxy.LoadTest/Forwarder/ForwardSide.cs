using System;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Forwarder;

/// <summary>
/// One socket of a forwarded pair: reads into the hot buffer and sends to the other one at once. Owns its descriptor and what it could not
/// send. Thread: the forwarder's only one.
/// </summary>
internal sealed unsafe class ForwardSide(ForwardServer server, int descriptor, bool isConnected)
{
    private UnsentBytes _unsent;
    private bool _isConnected = isConnected;

    /// <summary>True exactly when bytes may wait in the socket that the other side could not take.</summary>
    private bool _hasMore;

    /// <summary>The peer has sent its end, which a short read does not show.</summary>
    private bool _isEnding;

    public int Descriptor => descriptor;

    public ForwardSide Other { get; set; } = null!;

    private bool MayTake => _isConnected && _unsent.IsEmpty;

    public void OnEvent(uint events)
    {
        _isEnding |= (events & Poller.PeerHangUp) != 0;
        if ((events & Poller.Out) != 0 && !MayTake && !BecomeWritable())
            return;
        if ((events & Poller.In) != 0)
            Pump();
        else if ((events & ~(Poller.In | Poller.Out | Poller.PeerHangUp)) != 0)
            ClosePair();
    }

    /// <summary>Returns false when the pair is closed.</summary>
    private bool BecomeWritable()
    {
        if ((!_isConnected && TcpSocket.ConnectError(descriptor) != 0)
            || (!_unsent.IsEmpty && _unsent.Send(new Wire(descriptor)) == TcpSocket.Broken))
        {
            ClosePair();
            return false;
        }
        _isConnected = true;
        return !MayTake || !Other._hasMore || Other.Pump();
    }

    /// <summary>Copies until the socket is empty or the other side is full. Returns false when the pair is closed.</summary>
    private bool Pump()
    {
        while (true)
        {
            _hasMore = !Other.MayTake;
            if (_hasMore)
                return true;
            int count = TcpSocket.Receive(descriptor, server.Hot, ForwardServer.HotBytes);
            if (count == TcpSocket.Blocked)
                return true;
            if (count <= 0 || !Other.Send(count))
            {
                ClosePair();
                return false;
            }
            // A short read has emptied the socket; the next bytes bring an event of their own.
            if (count < ForwardServer.HotBytes && !_isEnding)
                return true;
        }
    }

    private bool Send(int count)
    {
        int sent = TcpSocket.Send(descriptor, server.Hot, count);
        if (sent < count && sent != TcpSocket.Broken)
            _unsent.Keep(new ReadOnlySpan<byte>(server.Hot + Math.Max(0, sent), count - Math.Max(0, sent)));
        return sent != TcpSocket.Broken;
    }

    private void ClosePair()
    {
        server.Remove(this);
        server.Remove(Other);
    }
}
