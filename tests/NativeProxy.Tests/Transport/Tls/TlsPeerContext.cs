using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using NativeProxy.Transport.Tls;
using Xunit;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>What the other end agrees to and shows. Compared by value.</summary>
/// <param name="IsServer">Which side it is.</param>
/// <param name="MinVersion">The number on the wire.</param>
/// <param name="MaxVersion">Likewise.</param>
internal sealed record TlsPeerTerms(bool IsServer, int MinVersion, int MaxVersion)
{
    public const int Tls11 = 0x0302;

    public TlsPeerTerms(bool isServer, int version)
        : this(isServer, version, version)
    {
    }

    /// <summary>Ciphers of TLS 1.2; empty = OpenSSL's.</summary>
    public string Ciphers { get; init; } = "";

    /// <summary>Ciphers of TLS 1.3; empty = OpenSSL's.</summary>
    public string CipherSuites { get; init; } = "";

    /// <summary>Kinds of signatures; empty = OpenSSL's.</summary>
    public string Signatures { get; init; } = "";

    /// <summary>Groups of the key exchange; empty = OpenSSL's.</summary>
    public string Groups { get; init; } = "";

    /// <summary>One application protocol, of a client; empty = none.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>Shown; null = a server's is that of a.test, a client has none.</summary>
    public TestIdentity? Identity { get; init; }

    /// <summary>Tickets of a server behind the handshake.</summary>
    public int Tickets { get; init; } = 2;

    /// <summary>Secrets of its handshakes are kept in <see cref="PeerSecrets"/>.</summary>
    public bool TellsSecrets { get; init; }
}

/// <summary>An SSL_CTX of the other end for some terms, kept for as long as the process lives. Any thread.</summary>
internal static unsafe class TlsPeerContext
{
    private const int SetGroups = 92;
    private const int SetSignatures = 98;
    private const int SetMinVersion = 123;
    private const int SetMaxVersion = 124;
    private const int EllipticKey = 408;
    private const int RsaKey = 6;

    private static readonly ConcurrentDictionary<TlsPeerTerms, nint> Made = new();

    public static nint For(TlsPeerTerms terms) => Made.GetOrAdd(terms, Make);

    private static nint Make(TlsPeerTerms terms)
    {
        nint context = PeerCalls.NewContext(PeerCalls.AnyMethod());
        Assert.Equal(1, PeerCalls.ControlContext(context, SetMinVersion, terms.MinVersion, null));
        Assert.Equal(1, PeerCalls.ControlContext(context, SetMaxVersion, terms.MaxVersion, null));
        if (terms.Ciphers.Length > 0 || terms.MaxVersion < TlsTerms.Tls12)
            Assert.Equal(1, PeerCalls.SetCiphers(context, terms.Ciphers.Length > 0 ? terms.Ciphers : "DEFAULT@SECLEVEL=0"));
        if (terms.CipherSuites.Length > 0)
            Assert.Equal(1, PeerCalls.SetCipherSuites(context, terms.CipherSuites));
        if (terms.Signatures.Length > 0)
            Assert.Equal(1, PeerCalls.ControlContextText(context, SetSignatures, 0, terms.Signatures));
        if (terms.Groups.Length > 0)
            Assert.Equal(1, PeerCalls.ControlContextText(context, SetGroups, 0, terms.Groups));
        PeerCalls.SetTicketCount(context, (nuint)terms.Tickets);
        if (terms.TellsSecrets)
            PeerCalls.SetSecretCallback(context, &PeerSecrets.OnSecret);
        Offer(context, terms.Protocol);
        TestIdentity? identity = terms.Identity ?? (terms.IsServer ? TestIdentities.A : null);
        if (identity is not null)
            Show(context, identity);
        PeerCalls.ClearErrors();
        return context;
    }

    private static void Offer(nint context, string protocol)
    {
        if (protocol.Length == 0)
            return;
        List<byte> offer = [(byte)protocol.Length, .. System.Text.Encoding.ASCII.GetBytes(protocol)];
        fixed (byte* bytes = offer.ToArray())
            PeerCalls.SetAlpnOffer(context, bytes, (uint)offer.Count);
    }

    private static void Show(nint context, TestIdentity identity)
    {
        fixed (byte* certificate = identity.Certificate)
            Assert.Equal(1, PeerCalls.UseCertificate(context, identity.Certificate.Length, certificate));
        fixed (byte* key = identity.Key)
            Assert.Equal(1, PeerCalls.UseKey(identity.KeyKind == "RSA" ? RsaKey : EllipticKey, context, key, identity.Key.Length));
        fixed (byte* name = "peer"u8)
            PeerCalls.SetSessionIdentity(context, name, 4);
    }
}
