using System;
using System.Collections.Generic;
using System.Text;

namespace NativeProxy.Logging;

/// <summary>
/// Puts a word where a line would show a secret: values of query parameters, in the target and in whatever else looks like an address with a query,
/// and fields that the layouts show by themselves. Owner: one set of destinations; log writer thread. Never touches the ring.
/// </summary>
internal sealed class LineRedaction
{
    private readonly byte[][] _parameters;
    private readonly bool _hidesHost;
    private readonly bool _hidesUserAgent;
    private readonly bool _hidesReferer;
    private readonly LogText _target = new();
    private readonly LogText _referer = new();
    private readonly LogText _header = new();

    private LineRedaction(IReadOnlyCollection<string> headers, IReadOnlyCollection<string> parameters)
    {
        List<byte[]> names = [];
        foreach (string parameter in parameters)
            names.Add(Encoding.UTF8.GetBytes(parameter.ToLowerInvariant()));
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
        record.Referer = Of(record.Referer, _referer);
        ReadOnlySpan<byte> target = Of(record.Target, _target);

        // A target with a blank in it is cut there: what follows, which then stands for the version, may be the rest of the value.
        if (target != record.Target && !record.Version.StartsWith("HTTP/"u8))
            record.Version = Word;
        record.Target = target;
    }

    /// <summary>The value of a captured field; valid until the next one.</summary>
    public ReadOnlySpan<byte> OfHeader(ReadOnlySpan<byte> value) => _parameters.Length == 0 ? value : Of(value, _header);

    /// <summary>The text itself when nothing in it is secret.</summary>
    private ReadOnlySpan<byte> Of(ReadOnlySpan<byte> address, LogText room)
    {
        int query = address.IndexOf((byte)'?');
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

    /// <summary>As a server would read the name: escapes undone, and in whatever case.</summary>
    private static bool IsSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret)
    {
        while (!name.IsEmpty && !secret.IsEmpty)
        {
            byte letter = Decode(ref name);
            if (letter is >= (byte)'A' and <= (byte)'Z')
                letter |= 0x20;
            if (letter != secret[0])
                return false;
            secret = secret[1..];
        }
        return name.IsEmpty && secret.IsEmpty;
    }

    private static byte Decode(ref ReadOnlySpan<byte> name)
    {
        byte letter = name[0];
        if (letter == '%' && name.Length > 2 && char.IsAsciiHexDigit((char)name[1]) && char.IsAsciiHexDigit((char)name[2]))
        {
            letter = (byte)((HexOf(name[1]) * 16) + HexOf(name[2]));
            name = name[3..];
            return letter;
        }
        name = name[1..];
        return letter == '+' ? (byte)' ' : letter;
    }

    private static int HexOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
