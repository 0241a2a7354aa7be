using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// A line of the access log as somebody wants it. What comes from outside is escaped as <c>\xHH</c> by where it stands: between quotes whatever would
/// end them, elsewhere blanks and the signs beside the field, too; so nobody forges a line or a field. Immutable; log writer thread.
/// </summary>
internal sealed class LineTemplate
{
    private readonly Piece[] _pieces;

    /// <param name="parts">Texts, which end no line, and fields.</param>
    /// <param name="captures">Among which those headers are that the parts name.</param>
    public LineTemplate(IReadOnlyList<AccessFieldPart> parts, CaptureList captures)
    {
        _pieces = new Piece[parts.Count];
        bool isQuoted = false;
        for (int i = 0; i < _pieces.Length; i++)
        {
            AccessFieldPart part = parts[i];
            if (part.Field == AccessField.Text)
            {
                foreach (char letter in part.Text)
                    isQuoted ^= letter == '"';
                _pieces[i] = new Piece(part.Field, Encoding.UTF8.GetBytes(part.Text), -1, null!);
                continue;
            }
            string beside = isQuoted ? "" : " " + SignAt(parts, i - 1, isLast: true) + SignAt(parts, i + 1, isLast: false);
            int capture = part.Field is AccessField.RequestHeader or AccessField.ResponseHeader
                ? captures.IndexOf(part.Field == AccessField.ResponseHeader, part.Text)
                : -1;
            WantsFields |= part.Field is AccessField.Host or AccessField.UserAgent or AccessField.Referer;
            _pieces[i] = new Piece(part.Field, [], capture, PlainWithout(beside));
        }
    }

    /// <summary>It shows fields of the request that records have only if they are asked for.</summary>
    public bool WantsFields { get; }

    /// <summary>The line and its end.</summary>
    public void Append(LogText text, in AccessRecord record, LogNames names, in CaptureView captures)
    {
        foreach (ref readonly Piece piece in _pieces.AsSpan())
        {
            if (piece.Field == AccessField.Text)
                text.Append(piece.Text);
            else if (piece.Field == AccessField.Request)
                AppendRequest(text, record, piece.Plain);
            else if (piece.Capture >= 0)
                AppendValue(text, captures.ValueOf(piece.Capture), piece.Plain);
            else if (!AccessValues.TryAppendOwn(text, piece.Field, record))
                AppendValue(text, AccessValues.TextOf(piece.Field, record, names), piece.Plain);
        }
        text.Append("\n"u8);
    }

    private static void AppendValue(LogText text, ReadOnlySpan<byte> value, SearchValues<byte> plain) =>
        text.AppendPlain(value.IsEmpty ? "-"u8 : value, plain);

    private static void AppendRequest(LogText text, in AccessRecord record, SearchValues<byte> plain)
    {
        if (record.Method.IsEmpty)
        {
            text.Append("-"u8);
            return;
        }
        text.AppendPlain(record.Method, plain);
        text.AppendPlain(" "u8, plain);
        text.AppendPlain(record.Target, plain);
        text.AppendPlain(" "u8, plain);
        text.AppendPlain(record.Version, plain);
    }

    /// <summary>The sign of a text that stands beside a field; none where that is a letter, a digit or another field.</summary>
    private static string SignAt(IReadOnlyList<AccessFieldPart> parts, int index, bool isLast)
    {
        if (index < 0 || index >= parts.Count || parts[index] is not { Field: AccessField.Text, Text: { Length: > 0 } text })
            return "";
        char sign = isLast ? text[^1] : text[0];
        return char.IsAsciiLetterOrDigit(sign) ? "" : sign.ToString();
    }

    /// <summary>Visible ASCII and blank, without the quote, the sign of escapes, and these.</summary>
    private static SearchValues<byte> PlainWithout(string signs)
    {
        List<byte> plain = [];
        for (char letter = ' '; letter <= '~'; letter++)
        {
            if (letter is not ('"' or '\\') && !signs.Contains(letter, StringComparison.Ordinal))
                plain.Add((byte)letter);
        }
        return SearchValues.Create(plain.ToArray());
    }

    /// <summary>A text, or a field and how it is escaped.</summary>
    private readonly record struct Piece(AccessField Field, byte[] Text, int Capture, SearchValues<byte> Plain);
}
