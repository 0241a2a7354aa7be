using System;
using System.Security.Cryptography;
using System.Text;

namespace NativeProxy.Config;

/// <summary>The texts of a Set-Cookie field (RFC 6265 section 4.1.1) as they appear in settings. Pure.</summary>
internal static class CookieText
{
    /// <summary>Longest name, value, path or domain: keeps what the proxy adds to a head far below the room that there is for it.</summary>
    public const int CharsMax = 256;

    public const string ValuePattern = @"^$|^[!#-+./0-9:<-\[\]-~-]{1,256}$";

    public const string PathPattern = @"^/[ -:<-~]{0,255}$";

    public const string DomainPattern = @"^[A-Za-z0-9.-]{0,256}$";

    public const string ValueExpected = "1 to 256 visible ASCII characters, none of \" , ; \\";

    public const string PathExpected = "1 to 256 characters of visible ASCII or blanks, the first a \"/\", none a \";\"";

    public const string DomainExpected = "a host name such as \"example.org\"";

    /// <summary>cookie-octet of RFC 6265: visible ASCII without DQUOTE, comma, semicolon and backslash.</summary>
    public static bool IsValue(string text) =>
        text.Length is > 0 and <= CharsMax && !text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.AsSpan().ContainsAny("\",;\\");

    public static bool IsName(string text) => text.Length <= CharsMax && TokenText.IsToken(text);

    public static bool IsPath(string text) =>
        text.StartsWith('/') && text.Length <= CharsMax && !text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            && !text.Contains(';', StringComparison.Ordinal);

    /// <summary>A value that tells nobody what it stands for: 64 bits of an HMAC-SHA256, in hex.</summary>
    public static string HashedValue(string secret, string text) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    /// <summary>Empty = no domain.</summary>
    public static bool IsDomain(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-'))
                return false;
        }

        return text.Length <= CharsMax;
    }
}
