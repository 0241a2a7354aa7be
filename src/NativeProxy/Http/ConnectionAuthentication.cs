using System;

namespace NativeProxy.Http;

/// <summary>
/// Tells whether a message takes part in an authentication that is valid for the connection instead of for the message: NTLM, and
/// Negotiate or Kerberos around it (RFC 4559 section 6; Squid and HAProxy look for the same names). After it every request on that
/// server connection is the user's, whoever sends it. Pure; never allocates.
/// </summary>
internal static class ConnectionAuthentication
{
    /// <summary>Whether the request carries credentials of such a scheme to the server.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="withProxyCredentials">False when Proxy-Authorization ends at this proxy.</param>
    public static bool IsInRequest(ReadOnlySpan<byte> bytes, HeaderTable fields, bool withProxyCredentials) =>
        IsInFields(bytes, fields, KnownHeader.Authorization)
        || (withProxyCredentials && IsInFields(bytes, fields, KnownHeader.ProxyAuthorization));

    /// <summary>Whether the response offers such a scheme or goes on with it, whatever its status.</summary>
    public static bool IsInResponse(ReadOnlySpan<byte> bytes, HeaderTable fields) =>
        IsInFields(bytes, fields, KnownHeader.WwwAuthenticate) || IsInFields(bytes, fields, KnownHeader.ProxyAuthenticate);

    /// <summary>
    /// Whether a list of challenges (RFC 9110 section 11.6.1) has such a scheme. Its commas part challenges as well as the parameters
    /// of one, so every element is looked at: a scheme is a token that no '=' follows. Credentials are a list of one.
    /// </summary>
    public static bool IsNamedIn(ReadOnlySpan<byte> value)
    {
        int next = 0;
        while (next < value.Length)
        {
            ReadOnlySpan<byte> element = value[next..].TrimStart(" \t,"u8);
            if (IsScheme(element))
                return true;

            next = value.Length - element.Length + ElementEnd(element);
        }

        return false;
    }

    private static bool IsInFields(ReadOnlySpan<byte> bytes, HeaderTable fields, KnownHeader known)
    {
        for (int i = fields.FirstIndexOf(known); i >= 0; i = fields.NextIndexOf(known, i))
        {
            if (IsNamedIn(fields[i].Value.Of(bytes)))
                return true;
        }

        return false;
    }

    /// <summary>Whether the element begins with one of the schemes; "NTLM=" and "NTLM =" are parameters of that name.</summary>
    private static bool IsScheme(ReadOnlySpan<byte> element)
    {
        int length = 0;
        while (length < element.Length && AsciiBytes.IsTokenByte(element[length]))
            length++;

        ReadOnlySpan<byte> rest = element[length..].TrimStart(" \t"u8);
        return (rest.IsEmpty || rest[0] != '=') && IsKnown(element[..length]);
    }

    private static bool IsKnown(ReadOnlySpan<byte> token) =>
        AsciiBytes.EqualsLower(token, "ntlm"u8) || AsciiBytes.EqualsLower(token, "negotiate"u8) || AsciiBytes.EqualsLower(token, "kerberos"u8);

    /// <summary>Where the element ends: at the next comma outside of quotes. Quotes that are not closed reach to the end.</summary>
    private static int ElementEnd(ReadOnlySpan<byte> element)
    {
        bool isQuoted = false;
        for (int i = 0; i < element.Length; i++)
        {
            if (element[i] == '"')
                isQuoted = !isQuoted;
            else if (isQuoted && element[i] == '\\')
                i++;
            else if (!isQuoted && element[i] == ',')
                return i;
        }

        return element.Length;
    }
}
