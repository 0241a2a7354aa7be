using System;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeProxy.Transport.Tls;

/// <summary>All that TLS to a server is made of. Immutable.</summary>
/// <param name="Terms">What is agreed to.</param>
internal sealed record TlsClientTerms(TlsTerms Terms)
{
    /// <summary>Whose certificates of servers are good; null = everybody's, which is not verified.</summary>
    public TrustStore? Servers { get; init; }

    /// <summary>What the proxy shows of itself; null = nothing.</summary>
    public TlsCertificate? Own { get; init; }

    /// <summary>The next connection goes on with the session of the last one.</summary>
    public bool ReusesSessions { get; init; } = true;
}

/// <summary>
/// How connections to one server are secured under one name: what is sent as the server name, what its certificate must be for, and the session of
/// the last connection. Immutable but for that session. Made off the loop or on it; used by the loop's thread.
/// </summary>
internal sealed unsafe class TlsClientPolicy : ConnectionSecurity
{
    private const int VerifyPeer = 0x1;
    private const int SetServerName = 55;

    /// <summary>X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS: a star is a whole label.</summary>
    private const uint WholeWildcards = 0x4;

    /// <summary>http/1.1, as ALPN has it on the wire.</summary>
    private static readonly byte[] Offer = [8, .. "http/1.1"u8];

    private readonly TlsContext _context;
    private readonly bool _verifies;
    private readonly bool _reusesSessions;

    /// <summary>With a zero byte at the end; empty = none is sent.</summary>
    private readonly byte[] _sentName;
    private readonly byte[] _verifiedName;
    private readonly bool _isAddress;
    private nint _session;

    private TlsClientPolicy(TlsContext context, bool verifies, bool reusesSessions, string sentName, string verifiedName)
    {
        (_context, _verifies, _reusesSessions, SentName, VerifiedName) = (context, verifies, reusesSessions, sentName, verifiedName);
        _sentName = sentName.Length == 0 ? [] : Encoding.UTF8.GetBytes(sentName + "\0");
        _verifiedName = Encoding.UTF8.GetBytes(verifiedName + "\0");
        _isAddress = IPAddress.TryParse(verifiedName, out _);
    }

    ~TlsClientPolicy()
    {
        if (_session != 0)
            SslCalls.FreeSession(_session);
    }

    public nint Context => _context.Handle;

    /// <summary>The name that is sent; empty = none.</summary>
    public string SentName { get; }

    /// <summary>The name that the certificate must be for.</summary>
    public string VerifiedName { get; }

    /// <summary>A policy; null, with the problem, when something of it cannot be.</summary>
    /// <param name="terms">What it is made of.</param>
    /// <param name="sentName">Sent as the server name; empty = none.</param>
    /// <param name="verifiedName">What the certificate must be for: a host name or an address.</param>
    /// <param name="problem">For a person.</param>
    public static TlsClientPolicy? TryMake(TlsClientTerms terms, string sentName, string verifiedName, out string problem)
    {
        TlsContext? context = TlsContext.TryMake(isServer: false, terms.Terms, out problem);
        if (context is null)
            return null;
        if (terms.Own is { } own && !context.TryUse(own, out string reason))
        {
            problem = "the certificate for servers cannot be used: " + reason;
            return null;
        }
        fixed (byte* offer = Offer)
            ContextCalls.SetAlpnOffer(context.Handle, offer, (uint)Offer.Length);
        if (terms.Servers is { } servers)
        {
            servers.Rule(context);
            ContextCalls.SetVerify(context.Handle, VerifyPeer, null);
        }
        if (terms.ReusesSessions)
            context.GiveSessions(&OnSession);
        return new TlsClientPolicy(context, terms.Servers is not null, terms.ReusesSessions, sentName, verifiedName);
    }

    /// <summary>The same towards another name, with sessions of its own.</summary>
    public TlsClientPolicy For(string sentName, string verifiedName) => new(_context, _verifies, _reusesSessions, sentName, verifiedName);

    public override ConnectionLayer LendLayer(EventLoop loop, bool isServer)
    {
        TlsLayer layer = TlsLoop.OfThread.Lend(isServer: false);
        layer.Take(this);
        return layer;
    }

    /// <summary>Tells an SSL whom it speaks to, and where the last connection stopped.</summary>
    internal void Prepare(nint ssl)
    {
        if (_sentName.Length > 0)
        {
            fixed (byte* name = _sentName)
                SslCalls.Control(ssl, SetServerName, 0, name);
        }
        if (_verifies)
            Expect(SslCalls.VerifyParameters(ssl));
        if (_session != 0)
            SslCalls.SetSession(ssl, _session);
        TlsErrors.Clear();
    }

    private void Expect(nint parameters)
    {
        fixed (byte* name = _verifiedName)
        {
            if (_isAddress)
            {
                CertificateCalls.ExpectAddress(parameters, name);
                return;
            }
            CertificateCalls.SetHostFlags(parameters, WholeWildcards);
            CertificateCalls.ExpectHost(parameters, name, (nuint)_verifiedName.Length - 1);
        }
    }

    /// <summary>SSL_CTX_sess_set_new_cb(3): keeps the newest session, whose certificate this policy has verified. 1 = it is ours now.</summary>
    [UnmanagedCallersOnly]
    private static int OnSession(nint ssl, nint session)
    {
        if (TlsLoop.OfThread.Current is not { IsServer: false } layer)
            return 0;
        TlsClientPolicy policy = layer.Client;
        if (policy._session != 0)
            SslCalls.FreeSession(policy._session);
        policy._session = session;
        return 1;
    }
}
