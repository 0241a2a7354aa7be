using System;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Http;

/// <summary>What one connection could not send at once. Holds an array only after that has happened. Owner: the connection.</summary>
internal unsafe struct UnsentBytes
{
    private byte[]? _bytes;
    private int _start;
    private int _end;

    public readonly bool IsEmpty => _start == _end;

    public readonly int Count => _end - _start;

    public void Keep(ReadOnlySpan<byte> bytes)
    {
        int count = Count;
        if (_bytes is null || _end + bytes.Length > _bytes.Length)
        {
            var larger = new byte[Math.Max(4096, (count + bytes.Length) * 2)];
            _bytes.AsSpan(_start, count).CopyTo(larger);
            _bytes = larger;
            _start = 0;
            _end = count;
        }
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Sends up to a number of bytes. Returns bytes sent, or <see cref="TcpSocket.Blocked"/> or <see cref="TcpSocket.Broken"/>.</summary>
    public int Send(Wire wire, int countMax = int.MaxValue)
    {
        fixed (byte* bytes = _bytes)
        {
            int sent = wire.Send(bytes + _start, Math.Min(countMax, Count));
            if (sent > 0)
                _start += sent;
            if (_start == _end)
                _start = _end = 0;
            return sent;
        }
    }

    public void Clear() => _start = _end = 0;
}
