using System;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Admin;

/// <summary>
/// Who may ask the operator's endpoint for what. The API is for programs on this machine: not for web pages, whatever name or site they come from,
/// and changes need a token. Token files are read at each question, so that an exchanged one needs no reload. Any thread.
/// </summary>
internal sealed class AdminGuard(ServiceState state)
{
    /// <summary>Why this request for something to read is refused; null = it is not. Without a token file everybody may read.</summary>
    public SmallResponse? RefusalToRead(in SmallRequest request) => RefusalToRead(ShownBy(request));

    /// <summary>Whether who makes this request may read, to be asked again and again while it is answered: by the token that it has shown.</summary>
    public Func<bool> ReaderOf(in SmallRequest request)
    {
        byte[] shown = ShownBy(request).ToArray();
        return () => RefusalToRead(shown) is null;
    }

    /// <summary>The same for what nobody may read without a token, whatever the settings say of others.</summary>
    public SmallResponse? RefusalWithoutToken(in SmallRequest request) => state.Tokens switch
    {
        { ReadFile.Length: > 0 } => RefusalToRead(request),
        { WriteFile.Length: > 0 } => RefusalToWrite(request),
        _ => SmallHttpText.Plain(403, "this needs a token: name a file with one in admin.read_token_file or admin.write_token_file\n"),
    };

    /// <summary>Why this request to change something is refused; null = it is not.</summary>
    public SmallResponse? RefusalToWrite(in SmallRequest request)
    {
        if (state.Tokens.WriteFile.Length == 0)
            return SmallHttpText.Plain(403, "changes need a token: name a file with one in admin.write_token_file\n");
        return Holds(ShownBy(request), state.Tokens.WriteFile, out string problem) ? null : Unauthorized(problem);
    }

    /// <summary>
    /// Why this request to the API is refused whoever makes it; null = it is not. A page that a browser shows has an Origin or says which site it is
    /// of, and a name that was turned round to this machine (DNS rebinding) stands in Host.
    /// </summary>
    public static SmallResponse? RefusalOfStranger(in SmallRequest request)
    {
        if (!request.IsOverUnixSocket && (request.Peer is not { } peer || !IPAddress.IsLoopback(peer)))
            return SmallHttpText.Plain(403, "the API is there for this machine only: what is said here is not encrypted\n");
        ReadOnlySpan<byte> host = request.ValueOf("host"u8, out bool areHosts);
        if (areHosts || !IsOwnHost(host))
            return SmallHttpText.Plain(403, "the API is asked by an address, or as localhost\n");
        ReadOnlySpan<byte> origin = request.ValueOf("origin"u8, out bool areOrigins);
        bool isForeign = areOrigins || (!origin.IsEmpty && !(origin.StartsWith("http://"u8) && origin["http://".Length..].SequenceEqual(host)));
        ReadOnlySpan<byte> site = request.ValueOf("sec-fetch-site"u8, out bool areSites);
        isForeign |= areSites || !(site.IsEmpty || site.SequenceEqual("same-origin"u8) || site.SequenceEqual("none"u8));
        return isForeign ? SmallHttpText.Plain(403, "the API is not there for pages of other sites\n") : null;
    }

    private static bool IsOwnHost(ReadOnlySpan<byte> host)
    {
        if (host.IsEmpty || host.Length > 64)
            return false;
        string text = Encoding.Latin1.GetString(host);
        bool isRead = AddressText.TryParse(text, AddressUse.Server, out HostPort address, out _)
            || AddressText.TryParse(text + ":80", AddressUse.Server, out address, out _);
        return isRead && (address.Ip is not null || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase));
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
}
