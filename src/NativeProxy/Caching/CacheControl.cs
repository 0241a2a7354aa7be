using System;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// The Cache-Control fields of one message, all lines together (RFC 9111 section 5.2). Extensions and the directives that a cache which never
/// serves anything stale has no use for are skipped. What cannot be read in one way only is <see cref="IsMalformed"/>. A value; pure.
/// </summary>
internal struct CacheControl
{
    /// <summary>RFC 9111 section 1.2.2: a number of seconds that is too large counts as this one.</summary>
    public const long SecondsMax = 1L << 31;

    private const long None = -1;

    public CacheControl()
    {
    }

    public bool NoStore { get; private set; }

    /// <summary>With a list of fields too: what would have to be asked for again before it is used is not worth keeping.</summary>
    public bool NoCache { get; private set; }

    /// <summary>With a list of fields too.</summary>
    public bool Private { get; private set; }

    public bool OnlyIfCached { get; private set; }

    /// <summary>Seconds, or -1.</summary>
    public long MaxAge { get; private set; } = None;

    /// <summary>Seconds, or -1.</summary>
    public long SharedMaxAge { get; private set; } = None;

    /// <summary>Seconds, or -1.</summary>
    public long MinFresh { get; private set; } = None;

    /// <summary>No list of directives, a number that is none, or two values for one (RFC 9111 section 4.2.1).</summary>
    public bool IsMalformed { get; private set; }

    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    public static CacheControl Read(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        var control = new CacheControl();
        for (int i = fields.FirstIndexOf(KnownHeader.CacheControl); i >= 0; i = fields.NextIndexOf(KnownHeader.CacheControl, i))
            control.ReadList(fields[i].Value.Of(bytes));
        return control;
    }

    /// <summary>
    /// Whether Pragma asks for what <c>no-cache</c> asks for: it counts only where there is no Cache-Control, and nothing else in it means
    /// anything (RFC 9111 section 5.4).
    /// </summary>
    public static bool PragmaSaysNoCache(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        if (fields.Contains(KnownHeader.CacheControl))
            return false;
        var pragma = new CacheControl();
        for (int i = fields.FirstIndexOf(KnownHeader.Pragma); i >= 0; i = fields.NextIndexOf(KnownHeader.Pragma, i))
            pragma.ReadList(fields[i].Value.Of(bytes));
        return pragma.NoCache;
    }

    /// <summary>#( token [ "=" ( token / quoted-string ) ] ); empty elements are allowed.</summary>
    private void ReadList(ReadOnlySpan<byte> list)
    {
        while (!IsMalformed)
        {
            list = list.TrimStart(" \t,"u8);
            if (list.IsEmpty)
                return;
            int nameBytes = TokenBytes(list);
            ReadOnlySpan<byte> name = list[..nameBytes];
            list = list[nameBytes..];
            ReadOnlySpan<byte> argument = default;
            bool hasArgument = !list.IsEmpty && list[0] == '=';
            if (hasArgument)
            {
                int argumentBytes = ArgumentBytes(list[1..]);
                argument = list.Slice(1, argumentBytes);
                list = list[(1 + argumentBytes)..];
            }
            list = list.TrimStart(" \t"u8);
            if (name.IsEmpty || (hasArgument && argument.IsEmpty) || (!list.IsEmpty && list[0] != ','))
                IsMalformed = true;
            else
                Apply(name, argument);
        }
    }

    private void Apply(ReadOnlySpan<byte> name, ReadOnlySpan<byte> argument)
    {
        if (AsciiBytes.EqualsLower(name, "no-store"u8))
            NoStore = true;
        else if (AsciiBytes.EqualsLower(name, "no-cache"u8))
            NoCache = true;
        else if (AsciiBytes.EqualsLower(name, "private"u8))
            Private = true;
        else if (AsciiBytes.EqualsLower(name, "only-if-cached"u8))
            OnlyIfCached = true;
        else if (AsciiBytes.EqualsLower(name, "max-age"u8))
            MaxAge = ReadSeconds(argument, MaxAge);
        else if (AsciiBytes.EqualsLower(name, "s-maxage"u8))
            SharedMaxAge = ReadSeconds(argument, SharedMaxAge);
        else if (AsciiBytes.EqualsLower(name, "min-fresh"u8))
            MinFresh = ReadSeconds(argument, MinFresh);
    }

    private long ReadSeconds(ReadOnlySpan<byte> digits, long before)
    {
        IsMalformed |= digits.IsEmpty || before != None;
        long seconds = 0;
        foreach (byte digit in digits)
        {
            IsMalformed |= !AsciiBytes.IsDigit(digit);
            seconds = Math.Min((seconds * 10) + (digit & 15), SecondsMax);
        }
        return seconds;
    }

    /// <summary>Length of a token or of a whole quoted string; 0 when it is neither.</summary>
    private static int ArgumentBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] != '"')
            return TokenBytes(bytes);
        for (int i = 1; i < bytes.Length; i++)
        {
            if (bytes[i] == '"')
                return i + 1;
            if (bytes[i] == '\\')
                i++;
        }
        return 0;
    }

    private static int TokenBytes(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        while (count < bytes.Length && AsciiBytes.IsTokenByte(bytes[count]))
            count++;
        return count;
    }
}
