using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using NativeProxy.Hosting.Lines;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class DescriptorLineTests
{
    /// <summary>More than go into one message.</summary>
    [Fact]
    public void Sockets_ArriveInOrder()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorLine(first);
        using var receiver = new DescriptorLine(second);
        List<ListeningSocket> sent = [.. Enumerable.Range(0, DescriptorPassing.CountMax + 3).Select(static i => new ListeningSocket($"{i}", Peers.Listen()))];

        Assert.True(sender.TrySend(sent));
        List<ListeningSocket> received = receiver.TryReceive([.. sent.Select(static socket => socket.Bind)])!;

        Assert.Equal(sent.Select(static socket => (socket.Bind, socket.Socket.LocalEndPoint)), received.Select(static socket => (socket.Bind, socket.Socket.LocalEndPoint)));
        ListeningSockets.Close(sent);
        ListeningSockets.Close(received);
    }

    [Fact]
    public void LessThanExpected_IsNothing_AndNothingWaits()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorLine(first);
        using var receiver = new DescriptorLine(second);
        using Socket only = Peers.Listen();
        sender.TrySend([new ListeningSocket("a", only)]);

        Assert.Null(receiver.TryReceive(["a", "b"]));
        Assert.Empty(receiver.TryReceive([])!);
    }

    [Fact]
    public void EndThatIsGone_TakesNothing()
    {
        (Socket first, Socket second) = SocketPair.Create();
        using var sender = new DescriptorLine(first);
        second.Dispose();
        using Socket socket = Peers.Listen();

        Assert.False(sender.TrySend([new ListeningSocket("a", socket)]));
    }
}
