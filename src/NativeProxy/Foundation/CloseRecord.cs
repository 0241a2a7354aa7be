using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NativeProxy.Foundation;

/// <summary>Which side of the proxy a connection is on.</summary>
internal enum ConnectionSide : byte
{
    /// <summary>Accepted from a client.</summary>
    Client,

    /// <summary>Opened to a server.</summary>
    Server,
}

/// <summary>Who ended a connection first.</summary>
internal enum ClosedBy : byte
{
    /// <summary>The proxy closed it in order (FIN).</summary>
    Proxy,

    /// <summary>The proxy broke it off (RST).</summary>
    ProxyReset,

    /// <summary>The other side had sent its FIN before.</summary>
    Peer,

    /// <summary>The other side refused it, reset it, or was found to be gone.</summary>
    PeerReset,
}

/// <summary>
/// The account of one closed connection: why, by whom, and where its time went. No references, so that it can be copied into the log ring
/// and into memory that processes share; both must be the same build. <see cref="SetupMs"/> + <see cref="ActiveMs"/> +
/// <see cref="IdleMs"/> + <see cref="CloseMs"/> is its life, but for the wait between the first byte and the first request.
/// </summary>
internal struct CloseRecord
{
    /// <summary>When it was gone, milliseconds since 1970-01-01 UTC.</summary>
    public long ClosedWallMs;

    /// <summary>The number of the connection, as in the access log.</summary>
    public long ConnectionId;

    /// <summary>Client: from accepting to the first byte. Server: from the connect to its success. -1 = it did not come to that.</summary>
    public long SetupMs;

    /// <summary>From the beginning of the first request to the end of the last response; 0 without a request.</summary>
    public long ActiveMs;

    /// <summary>From the end of the last response, or without one from the opening, to the decision to close.</summary>
    public long IdleMs;

    /// <summary>From the decision until the socket was gone: sending the rest, waiting for the other side's FIN.</summary>
    public long CloseMs;

    /// <summary>From the opening until the socket was gone.</summary>
    public long LifeMs;

    /// <summary>Bytes received.</summary>
    public long BytesIn;

    /// <summary>Bytes that the kernel took to be sent.</summary>
    public long BytesOut;

    /// <summary>Requests that were read (client) or exchanges that used it (server).</summary>
    public int Uses;

    public ConnectionSide Side;

    public ClosedBy By;

    /// <summary>A <see cref="CloseReason"/> or <see cref="ServerCloseReason"/>, by the side.</summary>
    public byte Reason;

    /// <summary>The client, as the access log names it, or the server's address.</summary>
    public PeerAddress Peer;

    /// <summary>Name of the listener, or of the upstream.</summary>
    public RecordName Place;

    /// <summary>Name of the server; empty on the client's side.</summary>
    public RecordName Server;

    /// <summary>Where TLS has failed: the server name that was asked for, if any, and what the library or the peer says. Empty else.</summary>
    public RecordName Detail;

    /// <summary>The code of the reason.</summary>
    public readonly string ReasonCode =>
        Side == ConnectionSide.Client ? CloseReasons.CodeOf((CloseReason)Reason) : ServerCloseReasons.CodeOf((ServerCloseReason)Reason);

    /// <summary>
    /// Who ended a connection, once it is known how the proxy closed it: a reset that only answers the other side's end did not end it.
    /// </summary>
    /// <param name="first">Who ended it first; the proxy when the other side has not.</param>
    /// <param name="isResetByProxy">The proxy closed its socket with RST.</param>
    public static ClosedBy WhoEnded(ClosedBy first, bool isResetByProxy) =>
        first == ClosedBy.Proxy && isResetByProxy ? ClosedBy.ProxyReset : first;

    /// <summary>The code of who ended it.</summary>
    public static string CodeOf(ClosedBy by) => by switch
    {
        ClosedBy.Proxy => "proxy",
        ClosedBy.ProxyReset => "proxy_reset",
        ClosedBy.Peer => "peer",
        ClosedBy.PeerReset => "peer_reset",
        _ => "unknown",
    };
}

/// <summary>A short name held in place, in UTF-8; longer ones are cut. Settings allow no longer ones.</summary>
internal struct RecordName
{
    public const int BytesMax = 64;

    private NameBytes _bytes;
    private readonly byte _length;

    public RecordName(ReadOnlySpan<byte> name)
    {
        _length = (byte)Math.Min(name.Length, BytesMax);
        name[.._length].CopyTo(_bytes);
    }

    /// <summary>The name; empty in <c>default</c>.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Bytes => ((ReadOnlySpan<byte>)_bytes)[.._length];

    /// <summary>Room for a name.</summary>
    [InlineArray(BytesMax)]
    private struct NameBytes
    {
        private byte _first;
    }
}
