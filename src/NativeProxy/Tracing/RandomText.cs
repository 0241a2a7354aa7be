using System;
using NativeProxy.Foundation;

namespace NativeProxy.Tracing;

/// <summary>
/// Random numbers as text that nobody can guess, in portions, since each asking of the system costs a call. Owner: the rules of one listener; thread:
/// the loop.
/// </summary>
internal sealed class RandomText
{
    /// <summary>128 bits, five to a letter.</summary>
    public const int IdLetters = 26;

    private const int IdBytes = 16;

    private readonly byte[] _portion = new byte[64 * IdBytes];
    private int _used;

    public RandomText() => _used = _portion.Length;

    private static ReadOnlySpan<byte> Base32 => "abcdefghijklmnopqrstuvwxyz234567"u8;

    private static ReadOnlySpan<byte> Hex => "0123456789abcdef"u8;

    /// <summary>Writes <see cref="IdLetters"/> letters and digits (RFC 4648 section 6, in lower case).</summary>
    public void WriteId(Span<byte> text)
    {
        ReadOnlySpan<byte> bytes = Take(IdBytes);
        int bits = 0;
        int bitCount = 0;
        int next = 0;
        for (int i = 0; i < IdLetters; i++)
        {
            if (bitCount < 5)
            {
                bits = (bits << 8) | (next < bytes.Length ? bytes[next++] : 0);
                bitCount += 8;
            }
            bitCount -= 5;
            text[i] = Base32[(bits >> bitCount) & 31];
        }
    }

    /// <summary>Fills with hex digits that are not all 0; an even number, of at most 32.</summary>
    public void WriteHex(Span<byte> text)
    {
        ReadOnlySpan<byte> bytes = Take(text.Length / 2);
        for (int i = 0; i < bytes.Length; i++)
        {
            text[2 * i] = Hex[bytes[i] >> 4];
            text[(2 * i) + 1] = Hex[bytes[i] & 15];
        }
        if (!text.ContainsAnyExcept((byte)'0'))
            text[^1] = (byte)'1';
    }

    /// <summary>Bytes that nobody else gets; valid until the next call.</summary>
    private ReadOnlySpan<byte> Take(int count)
    {
        if (_used + count > _portion.Length)
        {
            SystemRandom.Fill(_portion);
            _used = 0;
        }
        _used += count;
        return _portion.AsSpan(_used - count, count);
    }
}
