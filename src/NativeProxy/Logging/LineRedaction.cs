using System;
using System.Collections.Generic;
using System.Text;

namespace NativeProxy.Logging;

/// <summary>
/// Puts a word where a line would show a secret: values of parameters, behind the first '?' or '#' of the target and of whatever else may be or hold
/// an address, and fields that the layouts show by themselves. Owner: one set of destinations; log writer thread. Never touches the ring.
/// </summary>
internal sealed class LineRedaction
{
    private readonly byte[][] _parameters;
    private readonly bool _hidesHost;
    private readonly bool _hidesUserAgent;
    private readonly bool _hidesReferer;
    private readonly LogText _target = new();
    private readonly LogText _userAgent = new();
    private readonly LogText _referer = new();
    private readonly LogText _header = new();

    private LineRedaction(IReadOnlyCollection<string> headers, IReadOnlyCollection<string> parameters)
    {
        List<byte[]> names = [];
        foreach (string parameter in parameters)
            names.Add(Plain(Encoding.UTF8.GetBytes(parameter)));
        _parameters = [.. names];
        foreach (string header in headers)
        {
            _hidesHost |= header.Equals("host", StringComparison.OrdinalIgnoreCase);
            _hidesUserAgent |= header.Equals("user-agent", StringComparison.OrdinalIgnoreCase);
            _hidesReferer |= header.Equals("referer", StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Null where no line could show a secret.</summary>
    /// <param name="headers">Names of fields whose values are secret; those that are captured, whoever captures leaves out.</param>
    /// <param name="parameters">Names of parameters whose values are secret.</param>
    public static LineRedaction? Of(IReadOnlyCollection<string> headers, IReadOnlyCollection<string> parameters)
    {
        var redaction = new LineRedaction(headers, parameters);
        return parameters.Count > 0 || redaction._hidesHost || redaction._hidesUserAgent || redaction._hidesReferer ? redaction : null;
    }

    private static ReadOnlySpan<byte> Word => "REDACTED"u8;

    /// <summary>Changes what the record says; its texts are valid until the next record.</summary>
    public void Apply(ref AccessRecord record)
    {
        if (_hidesHost && !record.Host.IsEmpty)
            record.Host = Word;
        if (_hidesUserAgent && !record.UserAgent.IsEmpty)
            record.UserAgent = Word;
        if (_hidesReferer && !record.Referer.IsEmpty)
            record.Referer = Word;
        if (_parameters.Length == 0)
            return;
        HideStrays(ref record);
        record.Target = Of(record.Target, _target);
        record.UserAgent = Of(record.UserAgent, _userAgent);
        record.Referer = Of(record.Referer, _referer);
    }

    /// <summary>The value of a captured field; valid until the next one.</summary>
    public ReadOnlySpan<byte> OfHeader(ReadOnlySpan<byte> value) => _parameters.Length == 0 ? value : Of(value, _header);

    /// <summary>
    /// The line of a request that could not be read is cut at its first and its last blank, wherever they are: what is no method or no version may be
    /// a piece of a query, and what stands behind such a method the rest of a value.
    /// </summary>
    private static void HideStrays(ref AccessRecord record)
    {
        bool isMethod = !record.Method.IsEmpty && !record.Method.ContainsAny((byte)'?', (byte)'=');
        if (!isMethod && !record.Method.IsEmpty)
            record.Method = Word;
        if (!isMethod && !record.Target.IsEmpty)
            record.Target = Word;
        if (!record.Version.IsEmpty && !IsVersion(record.Version))
            record.Version = Word;
    }

    private static bool IsVersion(ReadOnlySpan<byte> text) => text.Length == "HTTP/1.1".Length && text.StartsWith("HTTP/"u8)
        && char.IsAsciiDigit((char)text[5]) && text[6] == '.' && char.IsAsciiDigit((char)text[7]);

    /// <summary>The text itself when nothing in it is secret.</summary>
    private ReadOnlySpan<byte> Of(ReadOnlySpan<byte> address, LogText room)
    {
        int query = address.IndexOfAny((byte)'?', (byte)'#');
        if (query < 0)
            return address;
        room.Clear();
        room.Append(address[..query]);
        bool isChanged = false;
        ReadOnlySpan<byte> rest = address[query..];
        while (!rest.IsEmpty)
        {
            // The sign before the parameter, and the parameter. Whoever takes a second '?' for a sign of its own must not find a secret behind it.
            room.AppendByte(rest[0]);
            int end = rest[1..].IndexOfAny("?&;#"u8);
            ReadOnlySpan<byte> parameter = end < 0 ? rest[1..] : rest.Slice(1, end);
            rest = rest[(1 + parameter.Length)..];
            int equals = parameter.IndexOf((byte)'=');
            if (equals < 0 || equals == parameter.Length - 1 || !IsSecret(parameter[..equals]))
            {
                room.Append(parameter);
                continue;
            }
            room.Append(parameter[..(equals + 1)]);
            room.Append(Word);
            isChanged = true;
        }
        return isChanged ? room.Bytes : address;
    }

    private bool IsSecret(ReadOnlySpan<byte> name)
    {
        foreach (byte[] secret in _parameters)
        {
            if (IsSame(name, secret))
                return true;
        }
        return false;
    }

    /// <summary>As a server would read the name: escapes undone; and in whatever case of ASCII letters.</summary>
    private static bool IsSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret)
    {
        while (!name.IsEmpty && !secret.IsEmpty)
        {
            if (TakePlain(ref name) != secret[0])
                return false;
            secret = secret[1..];
        }
        return name.IsEmpty && secret.IsEmpty;
    }

    private static byte[] Plain(ReadOnlySpan<byte> name)
    {
        List<byte> plain = [];
        while (!name.IsEmpty)
            plain.Add(TakePlain(ref name));
        return [.. plain];
    }

    /// <summary>The next letter of a name, escapes undone, in lower case; a plus is a blank, also where it was escaped.</summary>
    private static byte TakePlain(ref ReadOnlySpan<byte> name)
    {
        byte letter = name[0];
        bool isEscape = letter == '%' && name.Length > 2 && char.IsAsciiHexDigit((char)name[1]) && char.IsAsciiHexDigit((char)name[2]);
        if (isEscape)
            letter = (byte)((HexOf(name[1]) * 16) + HexOf(name[2]));
        name = name[(isEscape ? 3 : 1)..];
        return letter switch
        {
            (byte)'+' => (byte)' ',
            >= (byte)'A' and <= (byte)'Z' => (byte)(letter | 0x20),
            _ => letter,
        };
    }

    private static int HexOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
