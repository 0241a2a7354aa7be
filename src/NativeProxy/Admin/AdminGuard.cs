using System;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Admin;

/// <summary>
/// Who may ask the operator's endpoint for what. The API is for programs on this machine, and for others over TLS with a token: not for web pages,
/// whatever name or site they come from, and changes need a token. Token files are read at each question, so that an exchanged one needs no reload.
/// Any thread.
/// </summary>
internal sealed class AdminGuard(ServiceState state)
{
    /// <summary>Longest name with its port.</summary>
    private const int HostBytesMax = 260;

    /// <summary>Why this request for something to read is refused; null = it is not. Without a token file everybody may read.</summary>
    public SmallResponse? RefusalToRead(in SmallRequest request) => RefusalToRead(ShownBy(request));

    /// <summary>Whether who makes this request may read, to be asked again and again while it is answered: by the token that it has shown.</summary>
    public Func<bool> ReaderOf(in SmallRequest request)
    {
        byte[] shown = ShownBy(request).ToArray();
        return NeedsToken(request, KindOfHost(request, out _)) ? () => RefusalWithoutToken(shown) is null : () => RefusalToRead(shown) is null;
    }

    /// <summary>The same for what nobody may read without a token, whatever the settings say of others.</summary>
    public SmallResponse? RefusalWithoutToken(in SmallRequest request) => RefusalWithoutToken(ShownBy(request));

    /// <summary>Why this request to the API is refused; null = it is not. By its head alone.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isWrite">It wants to change something.</param>
    public SmallResponse? RefusalOf(in SmallRequest request, bool isWrite)
    {
        HostKind host = KindOfHost(request, out ReadOnlySpan<byte> text);
        return RefusalOfStranger(request, host) ?? RefusalOfPage(request, text)
            ?? (isWrite ? RefusalToWrite(ShownBy(request))
                : NeedsToken(request, host) ? RefusalWithoutToken(request)
                : RefusalToRead(request));
    }

    /// <summary>What is said from afar must be encrypted, and a name that was turned round to this machine (DNS rebinding) stands in Host.</summary>
    private static SmallResponse? RefusalOfStranger(in SmallRequest request, HostKind host)
    {
        if (!IsHere(request) && request.Security is null)
        {
            return SmallHttpText.Plain(403,
                "the API is there for this machine only: what is said here is not encrypted (admin.certificate is for that)\n");
        }
        return host != HostKind.Foreign ? null : SmallHttpText.Plain(403, request.Security is null
            ? "the API is asked by an address, or as localhost\n"
            : "the API is asked by an address, as localhost, or by a name of the certificate\n");
    }

    /// <summary>A page that a browser shows has an Origin, or says which site it is of.</summary>
    private static SmallResponse? RefusalOfPage(in SmallRequest request, ReadOnlySpan<byte> host)
    {
        ReadOnlySpan<byte> scheme = request.Security is null ? "http://"u8 : "https://"u8;
        ReadOnlySpan<byte> origin = request.ValueOf("origin"u8, out bool areOrigins);
        bool isForeign = areOrigins || (!origin.IsEmpty && !(origin.StartsWith(scheme) && origin[scheme.Length..].SequenceEqual(host)));
        ReadOnlySpan<byte> site = request.ValueOf("sec-fetch-site"u8, out bool areSites);
        isForeign |= areSites || !(site.IsEmpty || site.SequenceEqual("same-origin"u8) || site.SequenceEqual("none"u8));
        return isForeign ? SmallHttpText.Plain(403, "the API is not there for pages of other sites\n") : null;
    }

    /// <summary>Who asks is on this machine.</summary>
    private static bool IsHere(in SmallRequest request) =>
        request.IsOverUnixSocket || (request.Peer is { } peer && IPAddress.IsLoopback(peer));

    private static HostKind KindOfHost(in SmallRequest request, out ReadOnlySpan<byte> host)
    {
        host = request.ValueOf("host"u8, out bool areSeveral);
        if (areSeveral || host.IsEmpty || host.Length > HostBytesMax)
            return HostKind.Foreign;
        string text = Encoding.Latin1.GetString(host);
        bool isRead = AddressText.TryParse(text, AddressUse.Server, out HostPort address, out _)
            || AddressText.TryParse(text + ":80", AddressUse.Server, out address, out _);
        if (!isRead)
            return HostKind.Foreign;
        if (address.Ip is not null || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return HostKind.Own;
        return request.Security is not { } security ? HostKind.Foreign
            : security.IsNamed(address.Host) ? HostKind.Own
            : security.TakesIn(address.Host) ? HostKind.Shared
            : HostKind.Foreign;
    }

    /// <summary>Reading needs a token, whatever the settings say of others.</summary>
    private static bool NeedsToken(in SmallRequest request, HostKind host) => !IsHere(request) || host != HostKind.Own;

    private SmallResponse? RefusalWithoutToken(ReadOnlySpan<byte> shown) => state.Tokens switch
    {
        { ReadFile.Length: > 0 } => RefusalToRead(shown),
        { WriteFile.Length: > 0 } => RefusalToWrite(shown),
        _ => SmallHttpText.Plain(403, "this needs a token: name a file with one in admin.read_token_file or admin.write_token_file\n"),
    };

    private SmallResponse? RefusalToWrite(ReadOnlySpan<byte> shown)
    {
        if (state.Tokens.WriteFile.Length == 0)
            return SmallHttpText.Plain(403, "changes need a token: name a file with one in admin.write_token_file\n");
        return Holds(shown, state.Tokens.WriteFile, out string problem) ? null : Unauthorized(problem);
    }

    private SmallResponse? RefusalToRead(ReadOnlySpan<byte> shown)
    {
        if (state.Tokens.ReadFile.Length == 0)
            return null;
        return Holds(shown, state.Tokens.ReadFile, out string problem) || (state.Tokens.WriteFile.Length > 0 && Holds(shown,
            state.Tokens.WriteFile, out _))
            ? null
            : Unauthorized(problem);
    }

    /// <summary>What the request shows; nothing where it shows several.</summary>
    private static ReadOnlySpan<byte> ShownBy(in SmallRequest request)
    {
        ReadOnlySpan<byte> shown = request.ValueOf("authorization"u8, out bool areSeveral);
        return areSeveral ? default : shown;
    }

    /// <summary>Whether this is what the file holds. The comparison takes as long for a wrong token as for a right one.</summary>
    private static bool Holds(ReadOnlySpan<byte> shown, string file, out string problem)
    {
        const string Scheme = "bearer ";
        if (shown.Length <= Scheme.Length || !Ascii.EqualsIgnoreCase(shown[..Scheme.Length], Scheme))
        {
            problem = "a token is needed: Authorization: Bearer TOKEN";
            return false;
        }
        if (!TokenFile.TryRead(file, out byte[] token, out _))
        {
            problem = "the proxy has no token to compare it with: `check --full` says what is wrong with its file";
            return false;
        }
        problem = "the token is not the right one";
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(shown[Scheme.Length..].Trim((byte)' ')), SHA256.HashData(token));
    }

    private static SmallResponse Unauthorized(string problem) =>
        SmallHttpText.Plain(401, problem + "\n", "WWW-Authenticate: Bearer\r\n");

    /// <summary>As what a request names this endpoint.</summary>
    private enum HostKind : byte
    {
        /// <summary>By a name of which nothing is known: it may be one that was turned round.</summary>
        Foreign,

        /// <summary>By an address, as localhost, or by a name that stands in the certificate.</summary>
        Own,

        /// <summary>By one that a wildcard takes in: somebody else may have one, too, and turn it round. A page of theirs knows no token.</summary>
        Shared,
    }
}
