using System;

namespace NativeProxy.Credentials;

/// <summary>The base 64 of crypt(3): its own alphabet, the lowest six bits first. Pure.</summary>
internal static class CryptBase64
{
    private const string Alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Writes three bytes, or what is left of them, and returns the rest of the room.</summary>
    /// <param name="room">Where to.</param>
    /// <param name="high">The highest byte.</param>
    /// <param name="middle">The next.</param>
    /// <param name="low">The lowest, which comes out first.</param>
    /// <param name="letters">How many letters.</param>
    public static Span<byte> Write(Span<byte> room, int high, int middle, int low, int letters = 4)
    {
        int bits = (high << 16) | (middle << 8) | low;
        for (int i = 0; i < letters; i++, bits >>= 6)
            room[i] = (byte)Alphabet[bits & 63];
        return room[letters..];
    }
}
