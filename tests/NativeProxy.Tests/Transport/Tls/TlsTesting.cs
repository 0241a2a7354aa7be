using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Policies and other ends as most tests want them.</summary>
internal static class TlsTesting
{
    private static readonly TlsServerTerms AnyServer = ServerTerms(TestIdentities.A);
    private static readonly TlsClientPolicy AnyClient = Client(ClientTerms());

    /// <summary>Whose certificates the client policies of the tests believe.</summary>
    public static TrustStore Trust(params byte[][] revocations) => Trust(TestIdentities.Authority, revocations);

    public static TrustStore Trust(TestAuthority authority, params byte[][] revocations)
    {
        LoadLibrary();
        List<ReadOnlyMemory<byte>> lists = [.. revocations.Select(static list => (ReadOnlyMemory<byte>)list)];
        return TrustStore.TryMake([authority.Certificate], lists) ?? throw new InvalidOperationException("the authority is none");
    }

    public static TlsServerTerms ServerTerms(params TestIdentity[] identities) =>
        new(new TlsTerms(), [.. identities.Select(static identity => identity.ForProduct)]);

    public static TlsClientTerms ClientTerms() => new(new TlsTerms()) { Servers = Trust() };

    /// <summary>A policy with ticket keys of its own.</summary>
    public static TlsServerPolicy Server(TlsServerTerms terms, TicketRing? ring = null)
    {
        LoadLibrary();
        TlsServerPolicy policy = TlsServerPolicy.TryMake(terms, out string problem) ?? throw new InvalidOperationException(problem);
        policy.Tickets = ring ?? policy.Tickets;
        return policy;
    }

    public static TlsClientPolicy Client(TlsClientTerms terms, string name = "a.test")
    {
        LoadLibrary();
        return TlsClientPolicy.TryMake(terms, name, name, out string problem) ?? throw new InvalidOperationException(problem);
    }

    /// <summary>For one link, which alone has it.</summary>
    public static ConnectionSecurity Policy(bool isServer) => isServer ? Server(AnyServer) : AnyClient.For("a.test", "a.test");

    /// <summary>The other end of a link.</summary>
    /// <param name="version">Of TLS.</param>
    /// <param name="isServer">Whether the link under test was accepted.</param>
    /// <param name="options">How the other end behaves.</param>
    public static TlsSession Peer(int version, bool isServer, RecordOptions options) =>
        new(new TlsPeerTerms(!isServer, version) { Tickets = options.Tickets }, options, isServer ? "a.test" : null);

    /// <summary>A link between a policy and an end whose handshake has just begun.</summary>
    public static Task<LayerLink> Begin(ConnectionSecurity policy, LayerPeer peer, LinkKind kind = LinkKind.SimulatedReadiness) =>
        LayerLink.Begin(kind, policy is TlsServerPolicy, LinkEnds.Tls(policy, peer));

    /// <summary>A peer of drawn record sizes and no tickets of its own.</summary>
    public static TlsSession Peer(TlsPeerTerms terms, string? name = "a.test", nint session = 0) =>
        new(terms, new RecordOptions(3, Tickets: 0, LaterTickets: 0), terms.IsServer ? null : name, session);

    private static void LoadLibrary()
    {
        if (!OpenSslLibrary.TryLoad(out string problem))
            throw new InvalidOperationException(problem);
    }
}
