using System;
using System.Buffers;
using System.Text;

namespace NativeProxy.Config.Toml;

/// <summary>Finds the first place where bytes are not UTF-8 (RFC 3629: no overlong forms, no surrogates). Pure.</summary>
internal static class Utf8Fault
{
    /// <summary>The place of the first wrong byte, in code points before it; null when all is well.</summary>
    public static TextPosition? Find(ReadOnlySpan<byte> utf8)
    {
        int line = 1;
        int column = 1;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out Rune rune, out int consumed) != OperationStatus.Done)
                return new TextPosition(line, column, 1);
            utf8 = utf8[consumed..];
            column++;
            if (rune.Value != '\n')
                continue;
            line++;
            column = 1;
        }

        return null;
    }
}
