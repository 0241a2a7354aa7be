using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using NativeProxy.Hosting.Channels;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class DescriptorChannelTests
{
    /// <summary>More than go into one message.</summary>
    [Fact]
    public void Sockets_ArriveInOrder()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorChannel(first);
        using var receiver = new DescriptorChannel(second);
        List<ListeningSocket> sent = [.. Enumerable.Range(0, DescriptorPassing.CountMax + 3)
            .Select(static i => new ListeningSocket($"{i}", Peers.Listen()))];

        Assert.True(sender.TrySend(sent));
        List<ListeningSocket> received = receiver.TryReceive([.. sent.Select(static socket => socket.Bind)])!;

        Assert.Equal(sent.Select(static socket => (socket.Bind, socket.Socket.LocalEndPoint)),
            received.Select(static socket => (socket.Bind, socket.Socket.LocalEndPoint)));
        ListeningSockets.Close(sent);
        ListeningSockets.Close(received);
    }

    [Fact]
    public void LessThanExpected_IsNothing_AndNothingWaits()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorChannel(first);
        using var receiver = new DescriptorChannel(second);
        using Socket only = Peers.Listen();
        sender.TrySend([new ListeningSocket("a", only)]);

        Assert.Null(receiver.TryReceive(["a", "b"]));
        Assert.Empty(receiver.TryReceive([])!);
    }

    /// <summary>
    /// A receiver without free descriptors gets the byte and not the sockets (recvmsg, MSG_CTRUNC). What is left of that message must not be
    /// taken for the sockets of the next one, which are for other addresses.
    /// </summary>
    [Fact]
    public void MessageWhoseSocketsCouldNotBeTaken_IsUsedUp_AndTheNextOneIsWhole()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorChannel(first);
        using var receiver = new DescriptorChannel(second);
        using Socket old = Peers.Listen();
        using Socket next = Peers.Listen();
        string[] binds = [.. Enumerable.Range(0, DescriptorPassing.CountMax + 1).Select(static i => $"{i}")];
        first.Send([0]);
        sender.TrySend([new ListeningSocket("64", old)]);

        Assert.Null(receiver.TryReceive(binds));

        sender.TrySend([new ListeningSocket("a", next)]);
        List<ListeningSocket> received = receiver.TryReceive(["a"])!;
        Assert.Equal(next.LocalEndPoint, received[0].Socket.LocalEndPoint);
        ListeningSockets.Close(received);
    }

    [Fact]
    public void EndThatIsGone_TakesNothing()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorChannel(first);
        second.Dispose();
        using Socket socket = Peers.Listen();

        Assert.False(sender.TrySend([new ListeningSocket("a", socket)]));
    }
}
