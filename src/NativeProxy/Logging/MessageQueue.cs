using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// Messages in order, in fixed memory: what finds no room is not taken. When the end of the memory is reached they are moved to its beginning;
/// there is twice the memory, so that no byte is moved more than once for each byte that comes. Owner: a <see cref="LogSocket"/>; one thread.
/// Allocates once.
/// </summary>
/// <param name="capacityBytes">For all messages and 4 bytes before each; half the memory.</param>
internal sealed class MessageQueue(int capacityBytes)
{
    private const int LengthBytes = sizeof(int);

    private readonly byte[] _memory = new byte[2 * capacityBytes];
    private int _head;
    private int _tail;
    private int _count;

    public bool IsEmpty => _head == _tail;

    /// <summary>How many there are; any thread may ask.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The oldest message; there must be one.</summary>
    public ReadOnlySpan<byte> First => _memory.AsSpan(_head + LengthBytes, FirstBytes);

    private int FirstBytes => Unsafe.ReadUnaligned<int>(ref _memory[_head]);

    /// <summary>False when there is no room.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message)
    {
        int needed = LengthBytes + message.Length;
        if (needed > (_memory.Length / 2) - (_tail - _head))
            return false;
        if (needed > _memory.Length - _tail)
        {
            // At least half of it lies before the head: as many bytes have come since the last time.
            _memory.AsSpan(_head, _tail - _head).CopyTo(_memory);
            _tail -= _head;
            _head = 0;
        }
        Unsafe.WriteUnaligned(ref _memory[_tail], message.Length);
        message.CopyTo(_memory.AsSpan(_tail + LengthBytes));
        _tail += needed;
        Volatile.Write(ref _count, _count + 1);
        return true;
    }

    public void RemoveFirst()
    {
        _head += LengthBytes + FirstBytes;
        Volatile.Write(ref _count, _count - 1);
        if (_head == _tail)
            _head = _tail = 0;
    }
}
