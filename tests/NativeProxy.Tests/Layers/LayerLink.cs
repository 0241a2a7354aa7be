using System;
using System.Buffers;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Tests.Transport;
using NativeProxy.Tests.Transport.Tls;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>
/// One connection through a layer, of any engine and either side, and its other end as bare bytes with a <see cref="LayerPeer"/> of the test's
/// own. Everything that the test waits for goes through <see cref="Until"/>, which lets both ends go on. On dispose the connection is broken
/// off, if it has not ended, and must leave nothing behind: no layer, no buffer.
/// </summary>
internal abstract class LayerLink : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> _received = new();

    /// <summary>A script on the loop may make the other end speak while the test lets it read.</summary>
    private readonly Lock _peerLock = new();

    private readonly LinkEnds _ends;

    protected LayerLink(bool isServer, LinkEnds ends)
    {
        _ends = ends;
        IsServer = isServer;
        Owner = new RecordingOwner
        {
            WhenConnected = _ => Script?.Invoke("connected"),
            WhenSecured = _ => Script?.Invoke("secured"),
            WhenReceived = (_, _) => Script?.Invoke("received"),
            WhenEnded = _ => Script?.Invoke("end"),
            WhenFailed = _ => Script?.Invoke("failed"),
        };
    }

    public ConnectionSecurity Security => _ends.Security;

    public RecordingOwner Owner { get; }

    /// <summary>Whether the connection was accepted.</summary>
    public bool IsServer { get; }

    /// <summary>What the owner does when it hears of an event, on the loop.</summary>
    public Action<string>? Script { get; set; }

    public TcpConnection Connection { get; protected set; } = null!;

    /// <summary>The other end's session.</summary>
    public LayerPeer Peer => _ends.Peer;

    /// <summary>The same where TLS is spoken.</summary>
    public TlsSession TlsPeer => (TlsSession)Peer;

    /// <summary>What the other end has got of data.</summary>
    public byte[] PeerReceived => _received.WrittenSpan.ToArray();

    /// <summary>How much that is.</summary>
    public int PeerReceivedBytes => _received.WrittenCount;

    /// <summary>The other end reads what comes; else it leaves it to the kernel.</summary>
    public bool PeerReads { get; set; } = true;

    /// <summary>The other end sends what its session has to say.</summary>
    public bool PeerSpeaks { get; set; } = true;

    /// <summary>How the other end's stream has ended: null while it has not, Success for FIN.</summary>
    public SocketError? PeerEnd { get; private set; }

    /// <summary>What the owner hears when the handshake is done.</summary>
    public string SecuredEvent => IsServer ? "secured" : "connected";

    /// <summary>A connection whose handshake has just begun.</summary>
    public static Task<LayerLink> Begin(LinkKind kind, bool isServer, RecordOptions? options = null, bool isSecured = true,
        long bufferBytes = 8 << 20) =>
        Begin(kind, isServer, LinkEnds.For(kind, isServer, options ?? new RecordOptions(7)), isSecured, bufferBytes);

    /// <summary>The same between these ends.</summary>
    public static async Task<LayerLink> Begin(LinkKind kind, bool isServer, LinkEnds ends, bool isSecured = true, long bufferBytes = 8 << 20)
    {
        LayerLink link = kind.IsReal()
            ? new RealLink(kind.Engine() == LinkKind.Epoll, isServer, ends, bufferBytes)
            : new SimulatedLink(kind.Engine() == LinkKind.SimulatedCompletion, isServer, ends, bufferBytes);
        await link.Connect(isSecured);
        link.Peer.Begin();
        return link;
    }

    /// <summary>A connection whose handshake is done and whose owner asks for bytes.</summary>
    public static Task<LayerLink> Open(LinkKind kind, bool isServer, RecordOptions? options = null, long bufferBytes = 8 << 20) =>
        Open(kind, isServer, LinkEnds.For(kind, isServer, options ?? new RecordOptions(7)), bufferBytes);

    /// <summary>The same between these ends.</summary>
    public static async Task<LayerLink> Open(LinkKind kind, bool isServer, LinkEnds ends, long bufferBytes = 8 << 20)
    {
        LayerLink link = await Begin(kind, isServer, ends, bufferBytes: bufferBytes);
        await link.Secured();
        return link;
    }

    /// <summary>The handshake is done on both sides, and the owner asks for bytes.</summary>
    public async Task Secured()
    {
        await Until(() => Peer.State == RecordState.Secured && Owner.Count(SecuredEvent) == 1, "the handshake");
        await On(static connection => connection.StartReceive());
    }

    public Task On(Action<TcpConnection> action) => On(connection =>
    {
        action(connection);
        return true;
    });

    /// <summary>Asks on the loop.</summary>
    public abstract Task<T> On<T>(Func<TcpConnection, T> function);

    /// <summary>Bytes of the other end, as they are.</summary>
    public abstract void Ship(ReadOnlySpan<byte> wire);

    /// <summary>FIN of the other end.</summary>
    public abstract void ShipEnd();

    /// <summary>RST of the other end.</summary>
    public void ShipReset()
    {
        PeerEnd = SocketError.OperationAborted;
        PeerSpeaks = false;
        Reset();
    }

    /// <summary>Data of the other end, sealed and sent.</summary>
    public void PeerSends(string text) => PeerSends(Encoding.Latin1.GetBytes(text));

    public void PeerSends(byte[] bytes)
    {
        lock (_peerLock)
        {
            Peer.Seal(bytes);
            Speak();
        }
    }

    /// <summary>The other end announces its end; FIN does not follow by itself.</summary>
    public void PeerAnnouncesEnd()
    {
        lock (_peerLock)
        {
            Peer.AnnounceEnd();
            Speak();
        }
    }

    /// <summary>What the other end's session has to say and has not sent.</summary>
    public byte[] TakePeerOutput()
    {
        byte[] wire = Peer.Output.WrittenSpan.ToArray();
        Peer.Output.ResetWrittenCount();
        return wire;
    }

    /// <summary>Lets both ends go on until something holds.</summary>
    public async Task Until(Func<bool> condition, string what)
    {
        DateTime latest = DateTime.UtcNow + LoopUnderTest.Deadline;
        while (!condition())
        {
            if (DateTime.UtcNow > latest || !await Step())
            {
                throw new TimeoutException($"not reached: {what}; seen: {string.Join(", ", Owner.Events.TakeLast(20))}; peer: {Peer.State} "
                    + $"{Peer.Problem}, {_received.WrittenCount} bytes");
            }
            Pump();
        }
    }

    /// <summary>Lets both ends go on until nothing happens any more, or at least for some turns of the loop.</summary>
    public async Task Settle()
    {
        for (int turn = 0; turn < 10; turn++)
        {
            await Step();
            Pump();
        }
    }

    public Task UntilReceived(int bytes) => Until(() => Owner.ReceivedBytes >= bytes, $"{bytes} bytes");

    public Task UntilSeen(string text) => Until(() => Owner.Count(text) > 0, text);

    /// <summary>The events but for deliveries.</summary>
    public string[] Signals => Owner.Signals;

    public async ValueTask DisposeAsync()
    {
        PeerReads = true;
        await On(static connection => connection.Abort());
        await UntilSeen("closed");
        Assert.Equal(0, await On(_ => _ends.LentCount));
        await End();
        (Peer as IDisposable)?.Dispose();
    }

    protected abstract Task Connect(bool isSecured);

    protected abstract void Reset();

    /// <summary>Something more happens; false when nothing can.</summary>
    protected abstract Task<bool> Step();

    /// <summary>What lies there for the other end: bytes, 0 and Success at the end, WouldBlock for nothing.</summary>
    protected abstract int Fetch(byte[] target, out SocketError error);

    /// <summary>Nothing is left behind.</summary>
    protected abstract Task End();

    private void Pump()
    {
        lock (_peerLock)
            PumpLocked();
    }

    private void PumpLocked()
    {
        if (PeerReads && PeerEnd is null)
        {
            byte[] block = new byte[32 * 1024];
            for (int received; (received = Fetch(block, out SocketError error)) > 0 || EndsBy(error);)
            {
                if (PeerEnd is not null)
                    break;
                Peer.Feed(block.AsSpan(0, received));
                _received.Write(Peer.Plain.WrittenSpan);
                Peer.Plain.ResetWrittenCount();
            }
        }
        if (PeerSpeaks)
            Speak();
    }

    private bool EndsBy(SocketError error)
    {
        if (error != SocketError.WouldBlock)
            PeerEnd = error;
        return error != SocketError.WouldBlock;
    }

    private void Speak()
    {
        if (Peer.Output.WrittenCount > 0)
            Ship(TakePeerOutput());
    }
}
