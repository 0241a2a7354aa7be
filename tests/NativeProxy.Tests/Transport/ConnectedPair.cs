using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// An outgoing connection of a loop of its own, and its other end. On dispose it is broken off, if it has not ended, and must leave nothing behind.
/// </summary>
internal sealed class ConnectedPair : IAsyncDisposable
{
    private readonly LoopUnderTest _test;

    private ConnectedPair(LoopUnderTest test, TcpConnection connection, RecordingOwner owner, Socket peer) =>
        (_test, Connection, Owner, Peer) = (test, connection, owner, peer);

    public TcpConnection Connection { get; }

    public RecordingOwner Owner { get; }

    public Socket Peer { get; }

    public static async Task<ConnectedPair> Start(bool isEpoll)
    {
        var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        return new ConnectedPair(test, connection, owner, peer);
    }

    /// <summary>Asks on the loop.</summary>
    public Task<T> On<T>(Func<TcpConnection, T> function) => _test.Run(() => function(Connection));

    /// <summary>What the kernel took of these bytes, and what not.</summary>
    public Task<SendResult> Send(string text) => On(connection => connection.Send(System.Text.Encoding.Latin1.GetBytes(text)));

    /// <summary>Waits until something holds.</summary>
    public Task Until(Func<TcpConnection, bool> condition, string what) => _test.Until(() => condition(Connection), what);

    /// <summary>Lets the loop finish the turns that are due.</summary>
    public Task Settle() => _test.Settle();

    public async ValueTask DisposeAsync()
    {
        await _test.Run(Connection.Abort);
        await Owner.UntilClosed();
        await _test.AssertEmpty();
        _test.Dispose();
    }
}
