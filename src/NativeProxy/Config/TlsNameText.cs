using System;
using System.Net;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>Judges names in the settings of TLS: of servers, and of ciphers and groups, which only OpenSSL knows. Pure.</summary>
internal static class TlsNameText
{
    /// <summary>A name that a certificate is for.</summary>
    public const string Pattern = "^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$";

    /// <summary>A name that a server must have, or its address.</summary>
    public const string ServerPattern = "^[A-Za-z0-9_.:-]+$";

    /// <summary>One name of a list.</summary>
    public const string CipherPattern = "^[!-9;-~]+$";

    /// <summary>What is expected of the name of a certificate.</summary>
    public const string Expected = "a name such as \"example.com\", or \"*.example.com\" for one more label; letters, digits, - and _ "
        + "(other scripts in their xn-- form)";

    /// <summary>What is expected of the name of a server.</summary>
    public const string ServerExpected = "a name such as \"app.example.com\", or an IP address; no port";

    /// <summary>What is expected of a cipher, suite or group.</summary>
    public const string CipherExpected = "each name as an item of its own, without colons and blanks";

    /// <summary>What is wrong with the name of a certificate, or null.</summary>
    public static string? ProblemOf(string text)
    {
        string quoted = ErrorExcerpt.Quoted(text);
        if (IPAddress.TryParse(text, out _))
            return $"{quoted} is an address, which clients never name (RFC 6066 section 3)";
        return text.StartsWith('[') || !HostPatternText.IsValid(text) ? $"{quoted} cannot be the name of a server" : null;
    }

    /// <summary>True for a name without a star, or an address.</summary>
    public static bool IsServer(string text) => IPAddress.TryParse(text, out _)
        || (!text.StartsWith('[') && !text.StartsWith("*.", StringComparison.Ordinal) && HostPatternText.IsValid(text));

    /// <summary>True when it can be one name of a list; whether there is such a cipher is not known here.</summary>
    public static bool IsCipher(string text) => text.Length > 0 && !text.Contains(':') && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
