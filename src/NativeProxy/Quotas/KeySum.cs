using System;
using System.Buffers.Binary;
using NativeProxy.Foundation;

namespace NativeProxy.Quotas;

/// <summary>
/// A keyed hash over several texts of any length, one after another, without putting them together: where one ends counts, so that no client can
/// move a piece of one into the next. Lives for one key.
/// </summary>
internal struct KeySum
{
    private readonly KeyHash _hash;

    /// <param name="hash">The hash.</param>
    /// <param name="start">Stands for whoever counts: what has another one has no key in common with it.</param>
    public KeySum(KeyHash hash, ulong start)
    {
        _hash = hash;
        Value = start;
    }

    /// <summary>The hash of what was added, at least one text.</summary>
    public ulong Value { get; private set; }

    /// <summary>A further text.</summary>
    public void Add(ReadOnlySpan<byte> text) => Value = Joined(_hash.Of(text));

    /// <summary>A further text, in which the case of letters does not count.</summary>
    public void AddIgnoringCase(ReadOnlySpan<byte> text)
    {
        Span<byte> piece = stackalloc byte[64];
        do
        {
            int length = Math.Min(text.Length, piece.Length);
            for (int i = 0; i < length; i++)
                piece[i] = text[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(text[i] | 0x20) : text[i];
            Add(piece[..length]);
            text = text[length..];
        }
        while (!text.IsEmpty);
    }

    private readonly ulong Joined(ulong sum)
    {
        Span<byte> both = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(both, Value);
        BinaryPrimitives.WriteUInt64LittleEndian(both[8..], sum);
        return _hash.Of(both);
    }
}
