using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NativeProxy.Tls;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// How a listener secures its connections: its contexts, chosen by the name that a client asks for before anything else of the handshake, resumption
/// included, so that no session of one identity goes on under another (CVE-2025-23419). Immutable but for its ticket keys, for who listens to the
/// secrets of its contexts (<see cref="TlsLayer"/>), and for what it has learned of its clients. Made off the loop; used by the loop's thread.
/// </summary>
internal sealed unsafe class TlsServerPolicy : ConnectionSecurity
{
    private const int SetStatusCallback = 63;
    private const uint ServerNameExtension = 0;
    private const int UnrecognizedName = 112;
    private const int DecodeError = 50;
    private const int HelloIsGood = 1;
    private const int HelloIsBad = 0;
    private const int ProtocolIsGood = 0;
    private const int ProtocolIsBad = 2;
    private const int ProtocolIsNobodys = 3;
    private const int VerifyPeer = 0x1;
    private const int VerifyRequires = 0x2;

    /// <summary>
    /// Behind so many connections in a row that brought one request each, the next one is not taken over from OpenSSL either: that costs 6 us of a
    /// handshake, which only later requests bring in.
    /// </summary>
    private const int BriefMax = 256;

    private readonly ContextsByName _contexts;
    private readonly byte[][] _protocols;
    private readonly bool _refusesUnknownNames;
    private readonly bool _opensRecords;

    private int _briefCount;

    private TlsServerPolicy(TlsServerTerms terms, ContextsByName contexts)
    {
        _contexts = contexts;
        _refusesUnknownNames = terms.RefusesUnknownNames;
        _protocols = Array.ConvertAll([.. terms.Protocols], System.Text.Encoding.ASCII.GetBytes);
        RecordBytes = terms.RecordBytes;
        _opensRecords = terms.OpensRecords;
        AsksForCertificate = terms.ClientCertificate != ClientCertificateDemand.None;
    }

    /// <summary>What every connection begins with, before it is known what its client asks for.</summary>
    public nint FirstContext => _contexts.First.Handle;

    /// <summary>As <see cref="TlsServerTerms.RecordBytes"/>.</summary>
    public int RecordBytes { get; }

    /// <summary>The next connection is to have a <see cref="RecordStream"/>.</summary>
    public bool OpensRecords => _opensRecords && _briefCount < BriefMax;

    /// <summary>Clients may or must show a certificate.</summary>
    public bool AsksForCertificate { get; }

    /// <summary>
    /// Keys of its tickets, its own until it is given those that it shares. Never none: OpenSSL then fails the handshake. Exchanged between two
    /// events of the loop.
    /// </summary>
    public TicketRing Tickets { get; set; } = TicketRing.Random();

    /// <summary>A policy; null, with the problem, when something of it cannot be.</summary>
    /// <param name="terms">What it is made of.</param>
    /// <param name="problem">For a person.</param>
    public static TlsServerPolicy? TryMake(TlsServerTerms terms, out string problem)
    {
        ContextsByName? contexts = ContextsByName.TryMake(terms, out problem);
        if (contexts is null)
            return null;
        foreach (TlsContext context in contexts.All)
            Prepare(context, terms);
        return new TlsServerPolicy(terms, contexts);
    }

    /// <summary>A connection has brought more than one request, or has ended without.</summary>
    internal void Note(bool isBrief) => _briefCount = isBrief ? Math.Min(_briefCount + 1, BriefMax) : 0;

    public override ConnectionLayer LendLayer(EventLoop loop, bool isServer)
    {
        TlsLayer layer = TlsLoop.OfThread.Lend(isServer: true);
        layer.Take(this);
        return layer;
    }

    /// <summary>What is stapled to a certificate of this policy; null = nothing.</summary>
    /// <param name="certificate">As an SSL names it; 0 = none was chosen.</param>
    internal byte[]? ResponseFor(nint certificate)
    {
        foreach (TlsContext context in _contexts.All)
        {
            if (context.Responses.TryGetValue(certificate, out byte[]? response))
                return response;
        }
        return null;
    }

    private static void Prepare(TlsContext context, TlsServerTerms terms)
    {
        nint handle = context.Handle;
        context.KeepSessions(terms.HasTickets, terms.SessionCacheCount);
        ContextCalls.SetHelloCallback(handle, (delegate* unmanaged<nint, int*, void*, int>)&OnHello, null);
        ContextCalls.SetAlpnCallback(handle, (delegate* unmanaged<nint, byte**, byte*, byte*, uint, void*, int>)&OnProtocols, null);
        ContextCalls.SetTicketCallback(handle, (delegate* unmanaged<nint, byte*, byte*, nint, nint, int, int>)&TicketSeal.OnTicket);
        ContextCalls.ControlCallback(handle, SetStatusCallback, (delegate* unmanaged<nint, void*, int>)&OcspStaple.OnStatus);
        if (terms.Clients is not { } clients || terms.ClientCertificate == ClientCertificateDemand.None)
            return;
        clients.Rule(context);
        clients.Tell(context);
        ContextCalls.SetVerify(
            handle, terms.ClientCertificate == ClientCertificateDemand.Required ? VerifyPeer | VerifyRequires : VerifyPeer, null);
    }

    /// <summary>SSL_CTX_set_client_hello_cb(3): before a session is looked for, an SSL is given the context of its name.</summary>
    [UnmanagedCallersOnly]
    private static int OnHello(nint ssl, int* alert, void* argument)
    {
        TlsLayer layer = TlsLoop.OfThread.Current!;
        TlsServerPolicy policy = layer.Server;
        byte* bytes = null;
        nuint length = 0;
        string? name = null;
        bool hasName = SslCalls.HelloExtension(ssl, ServerNameExtension, &bytes, &length) == 1;
        if (hasName)
        {
            if (!ClientHelloReader.TryReadNames(new ReadOnlySpan<byte>(bytes, (int)length), out ReadOnlySpan<byte> asked))
            {
                *alert = DecodeError;
                return HelloIsBad;
            }
            name = policy._contexts.NameOf(asked);
        }
        layer.Facts.ServerName = name;
        TlsContext? context = policy._contexts.Of(name);
        if (context is null && policy._refusesUnknownNames)
        {
            *alert = UnrecognizedName;
            layer.Decide(LayerFailure.UnknownName);
            return HelloIsBad;
        }
        if (context is not null && context != policy._contexts.First)
            SslCalls.SetContext(ssl, context.Handle);
        return HelloIsGood;
    }

    /// <summary>
    /// The first name of ours that the client has, too (RFC 7301 3.2). Who has none leaves those of the client unanswered: what is spoken inside is
    /// somebody else's business.
    /// </summary>
    [UnmanagedCallersOnly]
    private static int OnProtocols(nint ssl, byte** chosen, byte* chosenBytes, byte* offered, uint offeredBytes, void* argument)
    {
        byte[][] protocols = TlsLoop.OfThread.Current!.Server._protocols;
        if (protocols.Length == 0)
            return ProtocolIsNobodys;
        foreach (byte[] own in protocols)
        {
            for (uint at = 0; at < offeredBytes; at += 1u + offered[at])
            {
                if (!new ReadOnlySpan<byte>(offered + at + 1, offered[at]).SequenceEqual(own))
                    continue;
                *chosen = offered + at + 1;
                *chosenBytes = offered[at];
                return ProtocolIsGood;
            }
        }
        return ProtocolIsBad;
    }
}
