using System;
using System.Buffers;
using System.Text;

namespace NativeProxy.Toml;

/// <summary>Turns the content of a scanned string into its value. The content was checked by <see cref="TomlStringScanner"/>; nothing is refused here.</summary>
internal static class TomlStringDecoder
{
    private const int StackBytesMax = 512;

    /// <summary>The value of a string; line ends inside multi-line strings stay as they were written.</summary>
    public static string Decode(ReadOnlySpan<byte> content, bool hasEscapes)
    {
        if (!hasEscapes)
            return Encoding.UTF8.GetString(content);

        // No escape is shorter than what it stands for, so the content's length is enough room.
        byte[]? rented = content.Length > StackBytesMax ? ArrayPool<byte>.Shared.Rent(content.Length) : null;
        Span<byte> decoded = rented ?? stackalloc byte[StackBytesMax];
        string value = Encoding.UTF8.GetString(decoded[..DecodeInto(content, decoded)]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return value;
    }

    private static int DecodeInto(ReadOnlySpan<byte> content, Span<byte> decoded)
    {
        int written = 0;
        while (!content.IsEmpty)
        {
            int plainLength = content.IndexOf((byte)'\\');
            if (plainLength < 0)
                plainLength = content.Length;
            content[..plainLength].CopyTo(decoded[written..]);
            written += plainLength;
            content = content[plainLength..];
            if (content.IsEmpty)
                break;
            (int escapeRead, int escapeWritten) = TomlEscape.Decode(content, decoded[written..]);
            content = content[escapeRead..];
            written += escapeWritten;
        }
        return written;
    }
}
