using System;
using System.Collections.Generic;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// One SSL_CTX: what many handshakes have in common. Made off the loop, then only read, but for who listens to secrets: a server's is used by one
/// loop at a time. OpenSSL counts who uses it, so that a connection may outlive this object. A failure is told with the name of the setting that
/// cannot be as it is.
/// </summary>
internal sealed unsafe class TlsContext
{
    private const int SetMode = 33;
    private const int SetGroups = 92;
    private const int SetMinVersion = 123;
    private const int SetMaxVersion = 124;
    private const int SetCacheSize = 42;
    private const int SetCacheMode = 44;

    /// <summary>SSL_MODE_RELEASE_BUFFERS: an idle connection holds none.</summary>
    private const int ReleaseBuffers = 0x10;

    /// <summary>SSL_SESS_CACHE_OFF, _CLIENT with _NO_INTERNAL, and _SERVER.</summary>
    private const int CacheOff = 0;
    private const int CacheAside = 0x1 | 0x300;
    private const int CacheHere = 0x2;

    private const ulong NoTickets = 1UL << 14;
    private const ulong NoCompression = 1UL << 17;
    private const ulong ChachaWhereAsked = 1UL << 21;
    private const ulong OwnPreference = 1UL << 22;
    private const ulong NoRenegotiation = 1UL << 30;

    private TlsContext(nint handle) => Handle = handle;

    ~TlsContext() => ContextCalls.Free(Handle);

    public nint Handle { get; }

    /// <summary>What is stapled to its certificates, by the certificate as its SSLs name it; those without anything are not there.</summary>
    public Dictionary<nint, byte[]> Responses { get; } = [];

    /// <summary>A context without a certificate; null, with the problem, when the terms cannot be.</summary>
    public static TlsContext? TryMake(bool isServer, TlsTerms terms, out string problem)
    {
        BioCalls.ClearErrors();
        var context = new TlsContext(ContextCalls.New(isServer ? ContextCalls.ServerMethod() : ContextCalls.ClientMethod()));
        nint handle = context.Handle;
        ContextCalls.Control(handle, SetMode, ReleaseBuffers, null);
        ContextCalls.SetOptions(handle, NoCompression | NoRenegotiation | OwnPreference | ChachaWhereAsked);
        problem = "";
        bool hasVersions = ContextCalls.Control(handle, SetMinVersion, terms.MinVersion, null) == 1
            && ContextCalls.Control(handle, SetMaxVersion, terms.MaxVersion, null) == 1;
        if (!hasVersions)
            problem = "this OpenSSL does not speak these versions";
        else if (ContextCalls.SetCiphers(handle, terms.Ciphers) == 0)
            problem = $"no cipher of TLS 1.2 is called like that: {terms.Ciphers}";
        else if (terms.CipherSuites.Length > 0 && ContextCalls.SetCipherSuites(handle, terms.CipherSuites) == 0)
            problem = $"a cipher suite of TLS 1.3 is not known: {terms.CipherSuites}";
        else if (terms.Groups.Length > 0 && ContextCalls.ControlText(handle, SetGroups, 0, terms.Groups) == 0)
            problem = $"a group is not known: {terms.Groups}";
        BioCalls.ClearErrors();
        return problem.Length == 0 ? context : null;
    }

    /// <summary>Shows a certificate with its chain; one of each kind of key at most. False when it does not go with its key.</summary>
    public bool TryUse(TlsCertificate certificate, out string problem)
    {
        nint chain = CertificateCalls.NewStack();
        nint leaf = Certificate(certificate.Leaf.Span);
        nint key = Key(certificate.Key.Span);
        foreach (ReadOnlyMemory<byte> one in certificate.Chain)
        {
            if (Certificate(one.Span) is not 0 and var link)
                CertificateCalls.Push(chain, link);
        }
        bool isUsed = leaf != 0 && key != 0 && ContextCalls.UseCertificate(Handle, leaf, key, chain, replaces: 1) == 1;
        problem = isUsed ? "" : TlsErrors.TakeText();
        if (isUsed && !certificate.Ocsp.IsEmpty)
            Responses[leaf] = certificate.Ocsp.ToArray();
        FreeAll(chain);
        if (leaf != 0)
            CertificateCalls.FreeCertificate(leaf);
        if (key != 0)
            CertificateCalls.FreeKey(key);
        return isUsed;
    }

    /// <summary>A certificate out of its bytes; 0 when they are none. The caller frees it.</summary>
    public static nint Certificate(ReadOnlySpan<byte> der)
    {
        fixed (byte* bytes = der)
        {
            byte* next = bytes;
            return CertificateCalls.ReadCertificate(0, &next, der.Length);
        }
    }

    /// <summary>Sessions are told apart by this; who has another one cannot go on with them.</summary>
    /// <param name="identity">At most 32 bytes.</param>
    public void NameSessions(ReadOnlySpan<byte> identity)
    {
        fixed (byte* bytes = identity)
            ContextCalls.SetSessionIdentity(Handle, bytes, (uint)identity.Length);
    }

    /// <summary>Sessions of clients: by tickets, and in a cache of this process.</summary>
    /// <param name="hasTickets">Whether tickets are given.</param>
    /// <param name="cacheCount">Sessions in the cache; 0 = none.</param>
    public void KeepSessions(bool hasTickets, int cacheCount)
    {
        ContextCalls.Control(Handle, SetCacheMode, cacheCount > 0 ? CacheHere : CacheOff, null);
        if (cacheCount > 0)
            ContextCalls.Control(Handle, SetCacheSize, cacheCount, null);
        if (!hasTickets)
            ContextCalls.SetOptions(Handle, NoTickets);
        ContextCalls.SetTicketCount(Handle, hasTickets || cacheCount > 0 ? 1u : 0u);
    }

    /// <summary>Sessions with servers are given to a callback, which keeps them.</summary>
    public void GiveSessions(delegate* unmanaged<nint, nint, int> callback)
    {
        ContextCalls.Control(Handle, SetCacheMode, CacheAside, null);
        ContextCalls.SetSessionCallback(Handle, callback);
    }

    private static nint Key(ReadOnlySpan<byte> der)
    {
        fixed (byte* bytes = der)
        {
            byte* next = bytes;
            return CertificateCalls.ReadKey(0, &next, der.Length);
        }
    }

    private static void FreeAll(nint chain)
    {
        for (nint one; (one = CertificateCalls.Pop(chain)) != 0;)
            CertificateCalls.FreeCertificate(one);
        CertificateCalls.FreeStack(chain);
    }
}
