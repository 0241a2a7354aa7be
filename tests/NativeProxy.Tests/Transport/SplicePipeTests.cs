using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Transport.Epoll;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>The pipe in which bytes stand for one call, between two sockets of the system.</summary>
public sealed unsafe class SplicePipeTests : IDisposable
{
    private const int DataBytes = 1_000_000;

    private readonly (Socket Peer, Socket Ours) _from = SocketPair.Create();
    private readonly (Socket Ours, Socket Peer) _to = SocketPair.Create();
    private readonly SplicePipe _pipe = SplicePipe.TryMake()!;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(4096, pinned: true);

    public SplicePipeTests()
    {
        _from.Ours.Blocking = _from.Peer.Blocking = _to.Ours.Blocking = _to.Peer.Blocking = false;
        _to.Ours.SendBufferSize = 16 * 1024;
    }

    /// <summary>What the other socket does not take now is read, and stands behind what it took.</summary>
    [Fact]
    public void Bytes_AreGivenOrRead_InTheirOrder()
    {
        byte[] data = new byte[DataBytes];
        new Random(1).NextBytes(data);
        byte[] seen = new byte[DataBytes];
        (int sent, int count, int readCount) = (0, 0, 0);
        while (count < DataBytes)
        {
            if (sent < DataBytes)
                sent += Math.Max(0, _from.Peer.Send(data.AsSpan(sent), SocketFlags.None, out _));
            int taken = _pipe.Fill(Descriptor(_from.Ours));
            Assert.InRange(taken, 1, SplicePipe.BytesMax);
            while (_pipe.Bytes > 0 && _pipe.TryGive(Descriptor(_to.Ours), _pipe.Bytes, out int given))
                taken -= given;
            Assert.Equal(taken, _pipe.Bytes);
            for (int received; (received = _to.Peer.Receive(seen.AsSpan(count), SocketFlags.None, out SocketError error)) > 0
                && error == SocketError.Success;)
            {
                count += received;
            }
            for (; _pipe.Bytes > 0; readCount++)
            {
                ReadOnlySpan<byte> rest = Read(_pipe.Bytes);
                rest.CopyTo(seen.AsSpan(count));
                count += rest.Length;
            }
        }
        Assert.Equal(data, seen);
        Assert.True(readCount > 0, "the other socket took all at once");
    }

    [Fact]
    public void NothingThere_AndTheEnd_AreToldApart()
    {
        Assert.Equal((-1, ErrorNumbers.WouldBlock), (_pipe.Fill(Descriptor(_from.Ours)), Marshal.GetLastSystemError()));
        _from.Peer.Send("ab"u8);
        _from.Peer.Shutdown(SocketShutdown.Send);
        Assert.Equal(2, _pipe.Fill(Descriptor(_from.Ours)));
        Assert.Equal("a"u8.ToArray(), Read(1).ToArray());
        Assert.Equal("b"u8.ToArray(), Read(100).ToArray());
        Assert.Equal(0, _pipe.Fill(Descriptor(_from.Ours)));
        Assert.Equal(0, _pipe.Bytes);
    }

    [Fact]
    public void SocketThatIsGone_TakesNothing_AndNothingIsLost()
    {
        _to.Peer.Dispose();
        _from.Peer.Send("abc"u8);
        Assert.Equal(3, _pipe.Fill(Descriptor(_from.Ours)));
        Assert.False(_pipe.TryGive(Descriptor(_to.Ours), 3, out int given));
        Assert.Equal((0, 3), (given, _pipe.Bytes));
        Assert.Equal("abc"u8.ToArray(), Read(3).ToArray());
    }

    public void Dispose()
    {
        _pipe.Close();
        foreach (Socket socket in (Socket[])[_from.Peer, _from.Ours, _to.Ours, _to.Peer])
            socket.Dispose();
    }

    private static int Descriptor(Socket socket) => (int)socket.Handle;

    private ReadOnlySpan<byte> Read(int bytesMax) =>
        _pipe.Read((byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, 0), Math.Min(bytesMax, _buffer.Length));
}
