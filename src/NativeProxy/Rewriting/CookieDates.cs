using System;

namespace NativeProxy.Rewriting;

/// <summary>
/// What an inserted cookie says of its age behind the server's value: when it was set last and first, `|` and six letters each. A client can forge
/// both; all that it wins is to stay with its server. A value.
/// </summary>
/// <param name="LastSeconds">When it was set last, in seconds since 1970-01-01 UTC; 0 = it does not say.</param>
/// <param name="FirstSeconds">When the client got it first; 0 = it does not say.</param>
internal readonly record struct CookieDates(long LastSeconds, long FirstSeconds)
{
    /// <summary>What is added to a value.</summary>
    public const int TextBytes = 2 * (1 + DigitCount);

    /// <summary>Enough for 2,000 years.</summary>
    private const int DigitCount = 6;

    private const byte Delimiter = (byte)'|';

    private static ReadOnlySpan<byte> Digits => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8;

    /// <summary>Takes the dates off a value; one without them, or with something else in their place, says nothing and is whole.</summary>
    /// <param name="value">As the client sent it.</param>
    /// <param name="server">What stands for the server.</param>
    public static CookieDates Of(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> server)
    {
        server = value;
        if (value.Length <= TextBytes)
            return default;
        ReadOnlySpan<byte> text = value[^TextBytes..];
        if (text[0] != Delimiter || text[1 + DigitCount] != Delimiter
            || !TryRead(text.Slice(1, DigitCount), out long last) || !TryRead(text[^DigitCount..], out long first))
        {
            return default;
        }
        server = value[..^TextBytes];
        return new CookieDates(last, first);
    }

    /// <summary>Writes them; the room is at least <see cref="TextBytes"/> long.</summary>
    public void Write(Span<byte> text)
    {
        Write(text, LastSeconds);
        Write(text[(1 + DigitCount)..], FirstSeconds);
    }

    private static void Write(Span<byte> text, long seconds)
    {
        text[0] = Delimiter;
        for (int i = DigitCount; i > 0; i--, seconds >>= 6)
            text[i] = Digits[(int)(seconds & 63)];
    }

    private static bool TryRead(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        foreach (byte digit in text)
        {
            int value = Digits.IndexOf(digit);
            if (value < 0)
                return false;
            seconds = (seconds << 6) | (uint)value;
        }
        return true;
    }
}
