using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Reads the Keep-Alive field of a response: <c>timeout=5, max=100</c> (RFC 2068 section 19.7.1; sent by Apache, nginx and others). Pure.
/// </summary>
internal static class KeepAliveField
{
    /// <summary>More seconds than this are no promise worth remembering.</summary>
    private const long SecondsMax = 24 * 3600;

    /// <summary>What the first Keep-Alive field of a head says; see <see cref="TimeoutSeconds(ReadOnlySpan{byte})"/>.</summary>
    public static int TimeoutSeconds(ReadOnlySpan<byte> bytes, HeaderTable fields) =>
        fields.FirstIndexOf(KnownHeader.KeepAlive) is >= 0 and var index ? TimeoutSeconds(fields[index].Value.Of(bytes)) : -1;

    /// <summary>The seconds after <c>timeout=</c>, at most a day; -1 when there is none that can be read.</summary>
    public static int TimeoutSeconds(ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty)
        {
            int comma = value.IndexOf((byte)',');
            ReadOnlySpan<byte> parameter = comma < 0 ? value : value[..comma];
            value = comma < 0 ? default : value[(comma + 1)..];
            parameter = parameter.Trim(" \t"u8);
            int equals = parameter.IndexOf((byte)'=');
            if (equals < 0 || !AsciiBytes.EqualsIgnoreCase(parameter[..equals].TrimEnd(" \t"u8), "timeout"u8))
                continue;
            return Seconds(parameter[(equals + 1)..].TrimStart(" \t"u8));
        }
        return -1;
    }

    private static int Seconds(ReadOnlySpan<byte> digits)
    {
        long seconds = 0;
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return -1;
            seconds = Math.Min((seconds * 10) + digit - '0', SecondsMax);
        }
        return digits.IsEmpty ? -1 : (int)seconds;
    }
}
