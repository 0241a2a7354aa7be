using System;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Counts the records in what OpenSSL writes, by their headers: who takes a connection over from it must know how many had the key before. A mutable
/// struct of a <see cref="TlsLayer"/>. Thread: the loop.
/// </summary>
internal struct RecordCounter
{
    private int _headerBytes;
    private int _bodyBytes;

    /// <summary>The last two bytes of a header that came: when it is whole, its length.</summary>
    private ushort _lastTwo;

    /// <summary>Whole records.</summary>
    public ulong Count { get; private set; }

    /// <summary>The last record is not whole.</summary>
    public readonly bool HasPart => _headerBytes > 0 || _bodyBytes > 0;

    /// <summary>So much more was written.</summary>
    public void Note(ReadOnlySpan<byte> wire)
    {
        while (!wire.IsEmpty)
        {
            if (_bodyBytes == 0)
            {
                _lastTwo = (ushort)((_lastTwo << 8) | wire[0]);
                wire = wire[1..];
                if (++_headerBytes < RecordKey.HeaderBytes)
                    continue;
                _headerBytes = 0;
                _bodyBytes = _lastTwo;
            }
            int count = Math.Min(_bodyBytes, wire.Length);
            _bodyBytes -= count;
            wire = wire[count..];
            if (_bodyBytes == 0)
                Count++;
        }
    }
}
