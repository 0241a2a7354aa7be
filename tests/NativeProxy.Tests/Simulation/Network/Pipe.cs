using System;

namespace NativeProxy.Tests.Simulation.Network;

/// <summary>
/// One direction of a connection: bytes that the sender's kernel has taken, of which a part has arrived at the receiver's. Bounded by
/// a window. Knows nothing of time: <see cref="SimulatedNetwork"/> lets bytes arrive.
/// </summary>
internal sealed class Pipe
{
    private byte[] _bytes = new byte[256];
    private int _start;
    private int _arrivedEnd;
    private int _end;

    /// <summary>Most bytes that may be on their way or unread.</summary>
    public int WindowBytes { get; set; } = 64 * 1024;

    /// <summary>Bytes that can be read.</summary>
    public int ReadableBytes => _arrivedEnd - _start;

    /// <summary>Bytes on their way.</summary>
    public int FlyingBytes => _end - _arrivedEnd;

    public int Room => IsDead ? 0 : Math.Max(0, WindowBytes - (_end - _start));

    /// <summary>The sender has sent FIN.</summary>
    public bool IsEnded { get; set; }

    /// <summary>FIN has arrived.</summary>
    public bool EndArrived { get; set; }

    /// <summary>Nothing moves any more: a reset went one way or the other.</summary>
    public bool IsDead { get; private set; }

    /// <summary>An arrival is on the agenda.</summary>
    public bool IsMoving { get; set; }

    public bool HasNews => ReadableBytes > 0 || EndArrived;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_end + bytes.Length > _bytes.Length)
            MakeRoom(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>All bytes that have arrived since the beginning.</summary>
    public long ArrivedBytes { get; private set; }

    public void Arrive(int bytes)
    {
        _arrivedEnd += bytes;
        ArrivedBytes += bytes;
    }

    public int Read(Span<byte> target)
    {
        int length = Math.Min(target.Length, ReadableBytes);
        _bytes.AsSpan(_start, length).CopyTo(target);
        _start += length;
        return length;
    }

    /// <summary>Drops what is on its way and takes nothing more.</summary>
    public void Kill()
    {
        _end = _arrivedEnd;
        IsDead = true;
    }

    /// <summary>Drops what has arrived and was not read.</summary>
    public void DropUnread() => _start = _arrivedEnd;

    private void MakeRoom(int bytes)
    {
        byte[] target = _end - _start + bytes > _bytes.Length ? new byte[Math.Max(_bytes.Length * 2, _end - _start + bytes)] : _bytes;
        Array.Copy(_bytes, _start, target, 0, _end - _start);
        _bytes = target;
        _arrivedEnd -= _start;
        _end -= _start;
        _start = 0;
    }
}
