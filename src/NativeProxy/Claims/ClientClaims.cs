using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Claims;

/// <summary>
/// Decides for each request of a listener who asks: a trusted peer may name its client, and of others nothing counts that they say about theirs;
/// where the listener wants it so it is as if they had not said it. Owner: what all connections of the listener share; thread: the loop, on which one
/// head is judged at a time. Never routes, never writes.
/// </summary>
internal sealed class ClientClaims
{
    private readonly AddressNetwork[] _trusted;
    private readonly AddressNetwork[] _exempt;
    private readonly ClaimNames _names;
    private readonly ClientWalk _walk;
    private readonly bool _throwsAway;
    private readonly bool _judgesNames;

    /// <summary>Fields that the proxy sets, in lower case; in some of them the word of a trusted peer goes on instead.</summary>
    private readonly (byte[] Name, bool TakesWord)[] _set;
    private readonly ClientVerdict _verdict = new();

    /// <summary>Only the listener itself says something about certificates: not even a trusted peer does.</summary>
    private readonly bool _ownsCertificates;

    private ClientClaims(in ListenerForwardedSettings settings, bool ownsCertificates, bool judgesCertificates)
    {
        _ownsCertificates = ownsCertificates;
        _trusted = NetworkText.NetworksOf(settings.Trusted);
        _exempt = NetworkText.NetworksOf(settings.Except);
        string header = settings.ClientHeader.ToLowerInvariant();
        _names = new ClaimNames(header, judgesCertificates);
        _walk = new ClientWalk(Encoding.ASCII.GetBytes(header), _trusted);
        _throwsAway = settings.ThrowsClaimsAway;
        _set = FieldsSetBy(settings);
        WantsLocal = settings.TellsLocal;
        _judgesNames = _throwsAway || _trusted.Length > 0 || _set.Length > 0 || judgesCertificates;
    }

    /// <summary>True when the server is told the address that was connected to.</summary>
    public bool WantsLocal { get; }

    /// <summary>Those of a listener; null when its clients are its peers, whatever they say.</summary>
    /// <param name="settings">Those of the listener.</param>
    public static ClientClaims? Of(in ListenerSettings settings)
    {
        ListenerForwardedSettings forwarded = settings.Forwarded;
        bool ownsCertificates = settings.Tls.Client.Certificate != ClientCertificateUse.Off
            || forwarded.ClientCertificate != ClientCertificateHeaders.Off;
        bool isNeeded = ownsCertificates || settings.ProxyProtocol || settings.Tls.Enabled || !forwarded.Trusted.IsDefaultOrEmpty
            || !forwarded.Except.IsDefaultOrEmpty || forwarded.ThrowsClaimsAway || forwarded.XRealIp || forwarded.TellsLocal;
        return isNeeded ? new ClientClaims(forwarded, ownsCertificates, ownsCertificates || settings.Tls.Enabled) : null;
    }

    /// <summary>Says who asks, and takes from the head what does not count. Valid until the next call.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">What was read of it, and of Connection.</param>
    /// <param name="peer">Who speaks to us.</param>
    /// <param name="local">The address that was connected to; not given where nobody wants it.</param>
    /// <param name="isHttps">The peer speaks through TLS with who announces it.</param>
    public ClientVerdict Judge(ReadOnlySpan<byte> bytes, HeaderTable fields, in PeerAddress peer, in PeerAddress local, bool isHttps)
    {
        ClientVerdict verdict = _verdict;
        verdict.Peer = verdict.Client = peer;
        verdict.Local = local;
        verdict.IsHttps = verdict.PeerIsHttps = isHttps;
        verdict.IsTrusted = _trusted.Length > 0 && AddressNetwork.AnyContains(_trusted, peer);
        verdict.IsExempt = _exempt.Length > 0 && AddressNetwork.AnyContains(_exempt, peer);
        if (_judgesNames)
            JudgeNames(bytes, fields, verdict);
        if (!verdict.IsTrusted)
            return verdict;
        verdict.Client = _walk.Find(bytes, fields, peer, out ReadOnlySpan<byte> proto);
        ReadOnlySpan<byte> forwardedProto = LastOf(bytes, fields, KnownHeader.XForwardedProto);
        proto = forwardedProto.IsEmpty ? proto : forwardedProto;
        if (!proto.IsEmpty)
            verdict.IsHttps = IsSecure(proto);
        return verdict;
    }

    /// <summary>
    /// Nobody needs a twin. What a trusted peer says stays even if Connection names it: a stranger behind that peer may have said so.
    /// </summary>
    private void JudgeNames(ReadOnlySpan<byte> bytes, HeaderTable fields, ClientVerdict verdict)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ReadOnlySpan<byte> name = fields[i].Name.Of(bytes);
            ClaimKind kind = _names.Of(name);
            if (kind == ClaimKind.None)
                continue;
            if (kind == ClaimKind.Certificate)
            {
                if (_ownsCertificates || !verdict.IsTrusted || !CgiName.IsPlain(name))
                    fields.Erase(i);
                continue;
            }
            bool takesWord = false;
            bool isSet = !verdict.IsExempt && IsSet(name, out takesWord);
            if (kind == ClaimKind.Twin || (isSet && !(takesWord && verdict.IsTrusted)) || (_throwsAway && !verdict.IsTrusted))
                fields.Erase(i);
            else if (isSet)
                fields.Drop(i);
            else if (verdict.IsTrusted)
                fields[i].IsNominated = false;
        }
    }

    private bool IsSet(ReadOnlySpan<byte> name, out bool takesWord)
    {
        foreach ((byte[] set, bool takes) in _set)
        {
            takesWord = takes;
            if (AsciiBytes.EqualsIgnoreCase(name, set))
                return true;
        }
        takesWord = false;
        return false;
    }

    private static (byte[] Name, bool TakesWord)[] FieldsSetBy(in ListenerForwardedSettings settings)
    {
        var set = new List<(byte[], bool)>();
        if (settings.XRealIp)
            set.Add(("x-real-ip"u8.ToArray(), false));
        if (settings.XForwardedPort)
            set.Add(("x-forwarded-port"u8.ToArray(), true));
        if (settings.XOriginalTo)
            set.Add(("x-original-to"u8.ToArray(), true));
        return [.. set];
    }

    /// <summary>The last element of the last line of a list: what the peer itself says, if each proxy adds its own.</summary>
    private static ReadOnlySpan<byte> LastOf(ReadOnlySpan<byte> bytes, HeaderTable fields, KnownHeader known)
    {
        ReadOnlySpan<byte> last = default;
        for (int i = fields.FirstIndexOf(known); i >= 0; i = fields.NextIndexOf(known, i))
            last = fields[i].Value.Of(bytes);
        return AsciiBytes.Trim(last, last.LastIndexOf((byte)',') + 1, last.Length).Of(last);
    }

    private static bool IsSecure(ReadOnlySpan<byte> scheme) =>
        AsciiBytes.EqualsIgnoreCase(scheme, "https"u8) || AsciiBytes.EqualsIgnoreCase(scheme, "wss"u8);
}
