using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;

namespace NativeProxy.Transport;

/// <summary>
/// What a layer has to send: gathers the output of one call and passes it to the sending direction of the connection that the call is about, in
/// as few pieces as fit. One for all layers of a loop; between two calls it is empty, so that nothing of one connection comes to another. Takes
/// everything: what the kernel does not take is queued there, or breaks that connection. Thread: the loop.
/// </summary>
internal sealed class LayerOutput
{
    /// <summary>Most bytes that can be reserved at once.</summary>
    public const int PieceBytesMax = 66 * 1024;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(PieceBytesMax, pinned: true);
    private TcpConnection? _connection;
    private SendResult _result;
    private bool _mayHold;
    private int _length;

    /// <summary>Room for so many bytes, to be filled and then <see cref="Advance">taken</see>; for a layer that is being called.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (bytes > _bytes.Length - _length)
            Flush();
        return _bytes.AsSpan(_length, bytes);
    }

    /// <summary>
    /// For a layer that is being called: whether the output may go with what follows shortly (<see cref="TcpConnection.SendSoon"/>), since the peer
    /// does not wait for it. Decided for all of it by the last word.
    /// </summary>
    public bool MayHold
    {
        set => _mayHold = value;
    }

    /// <summary>The time of the loop, for a layer that is being called.</summary>
    public long NowMs => _connection!.Loop.Clock.NowMs;

    /// <summary>Buffers of the loop, for a layer that is being called.</summary>
    public BufferPools Pools => _connection!.Loop.Pools;

    /// <summary>So many bytes of the reserved ones are to be sent.</summary>
    public void Advance(int bytes) => _length += bytes;

    /// <summary>A call begins.</summary>
    /// <param name="connection">Whose output is gathered.</param>
    /// <param name="mayHold">As <see cref="TcpConnection.SendSoon"/>.</param>
    internal void Begin(TcpConnection connection, bool mayHold)
    {
        Check.That(_connection is null && _length == 0, "a layer speaks while another one does");
        _connection = connection;
        _mayHold = mayHold;
        _result = SendResult.Sent;
    }

    /// <summary>The call has ended: sends what there is. Returns what became of all of it.</summary>
    internal SendResult End()
    {
        Flush();
        _connection = null;
        return _result;
    }

    private void Flush()
    {
        if (_length == 0)
            return;
        SendResult result = _connection!.SendWire(_bytes.AsSpan(0, _length), _mayHold);
        _length = 0;
        if (result > _result)
            _result = result;
    }
}
