using System;
using NativeProxy.Http;

namespace NativeProxy.Claims;

/// <summary>
/// One element of Forwarded (RFC 7239 section 4): <c>for=192.0.2.43;proto=https;by="[2001:db8::1]"</c>. A parameter that occurs twice, or a node with
/// an escape in it, makes it one that says nothing. Pure.
/// </summary>
internal readonly ref struct ForwardedElement
{
    /// <summary>The node, without quotes; empty when there is none that can be read.</summary>
    public ReadOnlySpan<byte> For { get; private init; }

    /// <summary>The scheme, without quotes; empty when there is none.</summary>
    public ReadOnlySpan<byte> Proto { get; private init; }

    /// <param name="element">Its text; quoted strings in it are closed.</param>
    public static ForwardedElement Read(ReadOnlySpan<byte> element)
    {
        ReadOnlySpan<byte> node = default;
        ReadOnlySpan<byte> proto = default;
        bool hasNode = false;
        while (!element.IsEmpty)
        {
            int end = EndOfPair(element);
            ReadOnlySpan<byte> pair = element[..end];
            element = end < element.Length ? element[(end + 1)..] : default;
            int equals = pair.IndexOf((byte)'=');
            if (equals < 0)
                continue;
            ReadOnlySpan<byte> name = AsciiBytes.Trim(pair, 0, equals).Of(pair);
            ReadOnlySpan<byte> value = Unquoted(AsciiBytes.Trim(pair, equals + 1, pair.Length).Of(pair));
            bool isNode = AsciiBytes.EqualsIgnoreCase(name, "for"u8);
            if (isNode && hasNode)
                return default;
            hasNode |= isNode;
            if (isNode)
                node = value;
            else if (AsciiBytes.EqualsIgnoreCase(name, "proto"u8))
                proto = value;
        }
        return new ForwardedElement { For = node, Proto = proto };
    }

    /// <summary>Index of the ';' behind the first pair, or of the end.</summary>
    private static int EndOfPair(ReadOnlySpan<byte> element)
    {
        bool isQuoted = false;
        for (int i = 0; i < element.Length; i++)
        {
            if (element[i] == '"')
                isQuoted = !isQuoted;
            else if (isQuoted && element[i] == '\\')
                i++;
            else if (!isQuoted && element[i] == ';')
                return i;
        }
        return element.Length;
    }

    private static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> value)
    {
        if (value.Length < 2 || value[0] != '"' || value[^1] != '"')
            return value;
        return value[1..^1].IndexOfAny((byte)'\\', (byte)'"') < 0 ? value[1..^1] : default;
    }
}
