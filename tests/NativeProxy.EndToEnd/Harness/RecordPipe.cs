using System;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Records between a test and its socket, where the scenes run through a layer (<c>NATIVEPROXY_E2E_LAYER=1</c>, with a binary that speaks them):
/// the handshake goes by itself as soon as the socket is there. One task at a time reads, one at a time sends.
/// </summary>
internal sealed class RecordPipe : ISecuredPipe
{
    private static readonly ConcurrentDictionary<int, bool> BarePorts = new();
    private static int _count;

    private readonly Socket _socket;
    private readonly RecordSession _session;
    private readonly Lock _gate = new();
    private readonly byte[] _block = new byte[64 * 1024];
    private readonly Task _handshake;
    private bool _hasBareEnd;

    private RecordPipe(Socket socket, bool isServer)
    {
        _socket = socket;
        _session = new RecordSession(isServer, new RecordOptions((ulong)Interlocked.Increment(ref _count)));
        _session.Begin();
        _handshake = Task.Run(Secure);
    }

    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("NATIVEPROXY_E2E_LAYER") == "1";

    /// <summary>Null where the scenes run on bare sockets.</summary>
    public static RecordPipe? For(Socket socket, bool isServer) => IsOn ? new RecordPipe(socket, isServer) : null;

    /// <summary>What listens there speaks no records: an admin endpoint.</summary>
    public static void KeepBare(int port) => BarePorts[port] = true;

    /// <summary>Nothing listens there any more; who gets the port next may speak records.</summary>
    public static void FreeBare(int port) => BarePorts.TryRemove(port, out _);

    /// <summary>True for the port of an admin endpoint.</summary>
    public static bool IsBarePort(int port) => BarePorts.ContainsKey(port);

    public Task Secured => _handshake;

    public async Task Send(ReadOnlyMemory<byte> plain)
    {
        await _handshake;
        byte[] wire;
        lock (_gate)
        {
            _session.Seal(plain.Span);
            wire = TakeOutput();
            SentBytes += wire.Length;
        }
        for (ReadOnlyMemory<byte> rest = wire; !rest.IsEmpty;)
            rest = rest[await _socket.SendAsync(rest)..];
    }

    public async Task<int> Receive(Memory<byte> target)
    {
        await _handshake;
        while (true)
        {
            lock (_gate)
            {
                if (_session.State == RecordState.Failed)
                    throw new Xunit.Sdk.XunitException("the records do not fit: " + _session.Problem);
                int count = TakePlain(target.Span);
                if (count > 0 || _hasBareEnd)
                    return count;
            }
            await Feed();
        }
    }

    public long SentBytes { get; private set; }

    public bool IsCut => _hasBareEnd && _session.State != RecordState.Ended;

    public void AnnounceEnd()
    {
        try
        {
            _handshake.Wait(TimeSpan.FromSeconds(5));
            byte[] wire;
            lock (_gate)
            {
                _session.AnnounceEnd();
                wire = TakeOutput();
            }
            if (wire.Length > 0)
                _socket.Send(wire);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or AggregateException)
        {
            // The other side is gone: nobody is left to hear it.
        }
    }

    public bool ReadsAway()
    {
        try
        {
            while (_socket.Available > 0)
            {
                int count = _socket.Receive(_block);
                lock (_gate)
                    _session.Feed(_block.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side is gone.
        }
        lock (_gate)
            return _session.Plain.WrittenCount == 0;
    }

    private async Task Secure()
    {
        while (true)
        {
            byte[] wire;
            lock (_gate)
                wire = TakeOutput();
            if (wire.Length > 0)
                await _socket.SendAsync(wire);
            if (_session.State != RecordState.Securing || _hasBareEnd)
                return;
            await Feed();
        }
    }

    private async Task Feed()
    {
        int count = await _socket.ReceiveAsync(_block);
        lock (_gate)
        {
            _hasBareEnd |= count == 0;
            _session.Feed(_block.AsSpan(0, count));
        }
    }

    private byte[] TakeOutput()
    {
        byte[] wire = _session.Output.WrittenSpan.ToArray();
        _session.Output.ResetWrittenCount();
        return wire;
    }

    private int TakePlain(Span<byte> target)
    {
        ReadOnlySpan<byte> plain = _session.Plain.WrittenSpan;
        int count = Math.Min(plain.Length, target.Length);
        plain[..count].CopyTo(target);
        byte[] rest = plain[count..].ToArray();
        _session.Plain.ResetWrittenCount();
        rest.CopyTo(_session.Plain.GetSpan(Math.Max(1, rest.Length)));
        _session.Plain.Advance(rest.Length);
        return count;
    }
}
