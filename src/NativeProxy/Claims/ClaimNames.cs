using System;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Claims;

/// <summary>What the name of a field says.</summary>
internal enum ClaimKind : byte
{
    /// <summary>Nothing about the client.</summary>
    None,

    /// <summary>Something about the client.</summary>
    Claim,

    /// <summary>Nothing, but a server that hands fields on as CGI does reads the name as one that does.</summary>
    Twin,

    /// <summary>Something about the certificate of a client, which only the proxy knows; or a twin of that.</summary>
    Certificate,
}

/// <summary>
/// The fields in which a proxy says something about its client: X-Forwarded-*, Forwarded, X-Real-IP, X-Original-To, and the one that the listener
/// names. Another spelling that some server takes for one of them (<see cref="CgiName"/>) is a twin. Immutable; thread: any.
/// </summary>
/// <param name="ownName">The field in which the listener finds the client.</param>
/// <param name="judgesCertificates">What is said about certificates is a claim, too (RFC 9440 section 4).</param>
internal sealed class ClaimNames(string ownName, bool judgesCertificates)
{
    private readonly byte[] _own = Encoding.ASCII.GetBytes(ownName.ToLowerInvariant());

    private static ReadOnlySpan<byte> Prefix => "x-forwarded-"u8;

    /// <param name="name">A token.</param>
    public ClaimKind Of(ReadOnlySpan<byte> name)
    {
        if (judgesCertificates && IsOfCertificate(name))
            return ClaimKind.Certificate;
        byte first = name.IsEmpty ? (byte)0 : (byte)(name[0] | 0x20);
        if (first is not ((byte)'x' or (byte)'f') && first != (_own[0] | 0x20))
            return ClaimKind.None;
        if (AsciiBytes.EqualsIgnoreCase(name, _own))
            return ClaimKind.Claim;
        bool isClaim = CgiName.AreAlike(name, _own) || CgiName.AreAlike(name, "forwarded"u8) || CgiName.AreAlike(name, "x-real-ip"u8)
            || CgiName.AreAlike(name, "x-original-to"u8) || (name.Length > Prefix.Length && CgiName.AreAlike(name[..Prefix.Length], Prefix));
        return !isClaim ? ClaimKind.None : CgiName.IsPlain(name) ? ClaimKind.Claim : ClaimKind.Twin;
    }

    private static bool IsOfCertificate(ReadOnlySpan<byte> name) =>
        StartsLike(name, "x-ssl-client"u8) || CgiName.AreAlike(name, "client-cert"u8) || CgiName.AreAlike(name, "client-cert-chain"u8);

    private static bool StartsLike(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && CgiName.AreAlike(name[..prefix.Length], prefix);
}
