using System;
using System.Text;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// Room in which the routes of one loop decode what they compare: bytes of a path or a value, and characters for regular expressions. Each use is
/// within one call. Thread: the loop.
/// </summary>
/// <param name="bytesMax">Longest head.</param>
internal sealed class MatchRoom(int bytesMax)
{
    private readonly char[] _chars = new char[bytesMax];

    /// <summary>Longest head.</summary>
    public int BytesMax => _chars.Length;

    /// <summary>The path as routes match it.</summary>
    public byte[] Path { get; } = new byte[bytesMax + 1];

    /// <summary>The path as somebody else may read it.</summary>
    public byte[] Reading { get; } = new byte[bytesMax + 1];

    /// <summary>A decoded name or value.</summary>
    public byte[] Value { get; } = new byte[bytesMax];

    /// <summary>Bytes as characters of the same numbers; valid until the next call.</summary>
    public ReadOnlySpan<char> CharsOf(ReadOnlySpan<byte> bytes) => _chars.AsSpan(0, Encoding.Latin1.GetChars(bytes, _chars));
}
