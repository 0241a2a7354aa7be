using System;
using System.Buffers;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>Which engine a connection under test is of.</summary>
public enum LinkKind
{
    Saea,
    Epoll,
    SimulatedCompletion,
    SimulatedReadiness,
}

/// <summary>
/// One connection through a layer, of any engine and either side, and its other end as bare bytes with a <see cref="RecordSession"/> of the test's
/// own. Everything that the test waits for goes through <see cref="Until"/>, which lets both ends go on. On dispose the connection is broken
/// off, if it has not ended, and must leave nothing behind: no layer, no buffer.
/// </summary>
internal abstract class LayerLink : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> _received = new();

    protected LayerLink(bool isServer, RecordOptions? options)
    {
        RecordOptions drawn = options ?? new RecordOptions(7);
        Security = new RecordSecurity(drawn);
        Peer = new RecordSession(!isServer, drawn with { Seed = drawn.Seed + 1000 });
        IsServer = isServer;
        Owner = new RecordingOwner
        {
            WhenConnected = _ => Script?.Invoke("connected"),
            WhenSecured = _ => Script?.Invoke("secured"),
            WhenReceived = (_, _) => Script?.Invoke("received"),
            WhenEnded = _ => Script?.Invoke("end"),
        };
    }

    public RecordSecurity Security { get; }

    public RecordingOwner Owner { get; }

    /// <summary>Whether the connection was accepted.</summary>
    public bool IsServer { get; }

    /// <summary>What the owner does when it hears of an event, on the loop.</summary>
    public Action<string>? Script { get; set; }

    public TcpConnection Connection { get; protected set; } = null!;

    /// <summary>The other end's session.</summary>
    public RecordSession Peer { get; }

    /// <summary>What the other end has got of data.</summary>
    public byte[] PeerReceived => _received.WrittenSpan.ToArray();

    /// <summary>The other end reads what comes; else it leaves it to the kernel.</summary>
    public bool PeerReads { get; set; } = true;

    /// <summary>The other end sends what its session has to say.</summary>
    public bool PeerSpeaks { get; set; } = true;

    /// <summary>How the other end's stream has ended: null while it has not, Success for FIN.</summary>
    public SocketError? PeerEnd { get; private set; }

    /// <summary>What the owner hears when the handshake is done.</summary>
    public string SecuredEvent => IsServer ? "secured" : "connected";

    /// <summary>A connection whose handshake has just begun.</summary>
    public static async Task<LayerLink> Begin(LinkKind kind, bool isServer, RecordOptions? options = null, bool isSecured = true,
        long bufferBytes = 8 << 20)
    {
        LayerLink link = kind is LinkKind.Saea or LinkKind.Epoll
            ? new RealLink(kind == LinkKind.Epoll, isServer, options, bufferBytes)
            : new SimulatedLink(kind == LinkKind.SimulatedCompletion, isServer, options, bufferBytes);
        await link.Connect(isSecured);
        link.Peer.Begin();
        return link;
    }

    /// <summary>A connection whose handshake is done and whose owner asks for bytes.</summary>
    public static async Task<LayerLink> Open(LinkKind kind, bool isServer, RecordOptions? options = null, long bufferBytes = 8 << 20)
    {
        LayerLink link = await Begin(kind, isServer, options, bufferBytes: bufferBytes);
        await link.Until(() => link.Peer.State == RecordState.Secured && link.Owner.Count(link.SecuredEvent) == 1, "the handshake");
        await link.On(static connection => connection.StartReceive());
        return link;
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
        Peer.Seal(bytes);
        Speak();
    }

    /// <summary>The other end announces its end; FIN does not follow by itself.</summary>
    public void PeerAnnouncesEnd()
    {
        Peer.AnnounceEnd();
        Speak();
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
        Assert.Equal(0, await On(_ => Security.LentCount));
        await End();
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
