using System;
using System.Collections.Generic;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Whose certificates are believed: authorities, and lists of what they have revoked (X509_STORE). Made off the loop, then only read; any thread;
/// shared by all policies that were given the same bytes.
/// </summary>
internal sealed unsafe class TrustStore
{
    /// <summary>X509_V_FLAG_CRL_CHECK: the certificate of the peer itself must be on no list, and there must be one.</summary>
    private const int ChecksRevocation = 0x4;

    /// <summary>
    /// X509_V_FLAG_PARTIAL_CHAIN: what is in the store is believed, whether it is a root or not, so that one certificate can be pinned.
    /// </summary>
    private const int BelievesAll = 0x80000;

    private readonly nint _handle;
    private readonly List<ReadOnlyMemory<byte>> _authorities;

    private TrustStore(nint handle, List<ReadOnlyMemory<byte>> authorities) => (_handle, _authorities) = (handle, authorities);

    ~TrustStore() => CertificateCalls.FreeStore(_handle);

    /// <summary>A store; null when one of the parts is not what it should be.</summary>
    /// <param name="authorities">Certificates, as DER.</param>
    /// <param name="revocations">Lists, as DER; none = nothing is asked about revocation.</param>
    public static TrustStore? TryMake(List<ReadOnlyMemory<byte>> authorities, List<ReadOnlyMemory<byte>> revocations)
    {
        var store = new TrustStore(CertificateCalls.NewStore(), authorities);
        bool isSound = true;
        foreach (ReadOnlyMemory<byte> der in authorities)
        {
            nint certificate = TlsContext.Certificate(der.Span);
            isSound &= certificate != 0 && CertificateCalls.AddToStore(store._handle, certificate) == 1;
            if (certificate != 0)
                CertificateCalls.FreeCertificate(certificate);
        }
        foreach (ReadOnlyMemory<byte> der in revocations)
            isSound &= TryAddRevocations(store._handle, der.Span);
        CertificateCalls.SetStoreFlags(store._handle, (nuint)(revocations.Count > 0 ? BelievesAll | ChecksRevocation : BelievesAll));
        BioCalls.ClearErrors();
        return isSound ? store : null;
    }

    /// <summary>The peers of a context are judged by this store.</summary>
    public void Rule(TlsContext context)
    {
        CertificateCalls.ShareStore(_handle);
        ContextCalls.SetStore(context.Handle, _handle);
    }

    /// <summary>Clients are told which authorities are asked for.</summary>
    public void Tell(TlsContext context)
    {
        nint names = CertificateCalls.NewStack();
        foreach (ReadOnlyMemory<byte> der in _authorities)
        {
            nint certificate = TlsContext.Certificate(der.Span);
            CertificateCalls.Push(names, CertificateCalls.CopyName(CertificateCalls.SubjectOf(certificate)));
            CertificateCalls.FreeCertificate(certificate);
        }
        ContextCalls.SetClientAuthorities(context.Handle, names);
    }

    private static bool TryAddRevocations(nint store, ReadOnlySpan<byte> der)
    {
        fixed (byte* bytes = der)
        {
            byte* next = bytes;
            nint list = CertificateCalls.ReadRevocations(0, &next, der.Length);
            bool isAdded = list != 0 && CertificateCalls.AddRevocations(store, list) == 1;
            if (list != 0)
                CertificateCalls.FreeRevocations(list);
            return isAdded;
        }
    }
}
