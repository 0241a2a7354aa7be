using System;
using System.Buffers.Binary;

namespace NativeProxy.Tests.Simulation;

/// <summary>Bytes that follow from a key and their place, so that a receiver can check every one of them.</summary>
internal static class BodyPattern
{
    public static byte[] Make(long key, int bytes)
    {
        byte[] body = new byte[bytes];
        Fill(key, 0, body);
        return body;
    }

    /// <summary>Letters that follow from a key.</summary>
    public static string Letters(long key, int count) =>
        string.Create(count, key, static (text, key) =>
        {
            for (int i = 0; i < text.Length; i++)
                text[i] = (char)('a' + (Dice.Mix((ulong)key + (ulong)i) % 26));
        });

    /// <summary>Whether the bytes stand at this place of the key's body.</summary>
    public static bool Matches(long key, long position, ReadOnlySpan<byte> bytes)
    {
        Span<byte> expected = stackalloc byte[512];
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(bytes.Length, expected.Length);
            Fill(key, position, expected[..length]);
            if (!bytes[..length].SequenceEqual(expected[..length]))
                return false;
            bytes = bytes[length..];
            position += length;
        }
        return true;
    }

    private static void Fill(long key, long position, Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[8];
        for (int i = 0; i < bytes.Length;)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, Dice.Mix(((ulong)key << 20) + (ulong)(position >> 3)));
            int from = (int)(position & 7);
            int length = Math.Min(8 - from, bytes.Length - i);
            word.Slice(from, length).CopyTo(bytes[i..]);
            i += length;
            position += length;
        }
    }
}
