using System;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Compression;

/// <summary>What compression means for one answer.</summary>
internal enum CompressionUse : byte
{
    /// <summary>It has nothing to do with it.</summary>
    None,

    /// <summary>It goes as it is, and would go otherwise to another client.</summary>
    Varies,

    /// <summary>It has no body; with one it would be encoded.</summary>
    OfHead,

    /// <summary>Its body is encoded.</summary>
    Encodes,
}

/// <summary>Which answers of a route are compressed. Immutable; thread: the loop.</summary>
internal sealed class CompressionRule
{
    private const long MinBytesUsual = 1024;

    /// <summary>What a type begins with, and what it ends with behind that; the second is null where the whole type is meant.</summary>
    private readonly (byte[] Start, byte[]? End)[] _types;
    private readonly long _minBytes;

    public CompressionRule(in CompressionSettings settings)
    {
        ImmutableArray<string> types = settings.Types.IsDefaultOrEmpty ? CompressionSettings.UsualTypes : settings.Types;
        _types = Array.ConvertAll([.. types], TypeOf);
        _minBytes = settings.MinBytes > 0 ? settings.MinBytes : MinBytesUsual;
    }

    /// <summary>Looks at an answer.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="isToHead">It answers HEAD.</param>
    /// <param name="isTaken">The client takes encoded answers.</param>
    /// <param name="wholeBytes">Length of the body if all of it is there; negative when it is not.</param>
    public CompressionUse Judge(ReadOnlySpan<byte> bytes, ResponseHead head, bool isToHead, bool isTaken, int wholeBytes)
    {
        HeaderTable fields = head.Fields;
        bool hasContent = isToHead || head.Body.HasBody;
        if (!hasContent || head.StatusCode is < 200 or 204 or 205 or 206 or 304 || fields.Contains(KnownHeader.ContentRange)
            || IsEncoded(bytes, fields) || !IsOfType(bytes, fields) || AcceptedCodings.ForbidsTransform(bytes, fields))
        {
            return CompressionUse.None;
        }
        if ((wholeBytes >= 0 ? wholeBytes : LengthOf(bytes, head, isToHead)) < _minBytes)
            return CompressionUse.None;
        return !isTaken ? CompressionUse.Varies : isToHead ? CompressionUse.OfHead : CompressionUse.Encodes;
    }

    /// <summary>Of the body, or of the one that would have come; the longest where that is not said.</summary>
    private static long LengthOf(ReadOnlySpan<byte> bytes, ResponseHead head, bool isToHead)
    {
        if (!isToHead)
            return head.Body.IsUnknown ? long.MaxValue : head.Body.Bytes;
        int index = head.Fields.FirstIndexOf(KnownHeader.ContentLength);
        return index >= 0 && Utf8Parser.TryParse(head.Fields[index].Value.Of(bytes), out long length, out _) ? length : long.MaxValue;
    }

    private static (byte[] Start, byte[]? End) TypeOf(string text)
    {
        int star = text.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? (Encoding.ASCII.GetBytes(text.ToLowerInvariant()), null)
            : (Encoding.ASCII.GetBytes(text[..star].ToLowerInvariant()), Encoding.ASCII.GetBytes(text[(star + 1)..].ToLowerInvariant()));
    }

    private static bool IsEncoded(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = fields.FirstIndexOf(KnownHeader.ContentEncoding); i >= 0; i = fields.NextIndexOf(KnownHeader.ContentEncoding, i))
        {
            if (!AsciiBytes.EqualsIgnoreCase(fields[i].Value.Of(bytes), "identity"u8))
                return true;
        }
        return false;
    }

    private bool IsOfType(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        int index = fields.FirstIndexOf(KnownHeader.ContentType);
        if (index < 0 || fields.IsRepeated(KnownHeader.ContentType))
            return false;
        ReadOnlySpan<byte> value = fields[index].Value.Of(bytes);
        int end = value.IndexOf((byte)';');
        ReadOnlySpan<byte> type = (end < 0 ? value : value[..end]).TrimEnd(" \t"u8);
        foreach ((byte[] start, byte[]? rest) in _types)
        {
            if (rest is null
                ? AsciiBytes.EqualsIgnoreCase(type, start)
                : type.Length > start.Length + rest.Length && AsciiBytes.EqualsIgnoreCase(type[..start.Length], start)
                    && AsciiBytes.EqualsIgnoreCase(type[^rest.Length..], rest))
            {
                return true;
            }
        }
        return false;
    }
}
