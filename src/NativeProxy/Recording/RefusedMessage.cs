using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Recording;

/// <summary>What of a message was refused.</summary>
internal enum MessagePart : byte
{
    /// <summary>The head of a request.</summary>
    Request,

    /// <summary>The body of a request.</summary>
    RequestBody,

    /// <summary>The head of a response.</summary>
    Response,

    /// <summary>The body of a response.</summary>
    ResponseBody,

    /// <summary>Bytes of a server that nobody has asked for.</summary>
    Unasked,

    /// <summary>The PROXY header in front of all else.</summary>
    ProxyHeader,

    /// <summary>Plain HTTP where TLS is spoken; its bytes are not kept.</summary>
    PlainHttp,
}

/// <summary>A message that is refused now, as who refuses it knows it. Lives for one call; the bytes are lent.</summary>
internal ref struct RefusedMessage
{
    /// <summary>What there is of it.</summary>
    public ReadOnlySpan<byte> Bytes;

    /// <summary>Index of the byte at which it broke.</summary>
    public int Place;

    public MessagePart Part;

    /// <summary>The bytes begin with the first byte of a head; else somewhere in a body, or perhaps.</summary>
    public bool BeginsWithHead;

    /// <summary>The rule that it broke, or None where <see cref="Error"/> says it.</summary>
    public RejectReason Reason;

    public ProxyError Error;

    /// <summary>By which its head was read.</summary>
    public HeadLimits Limits;

    /// <summary>Of the request; of a response that of the request which it answers.</summary>
    public HttpMethod Method;

    /// <summary>The request asked to switch the protocol.</summary>
    public bool OffersUpgrade;

    /// <summary>Who has asked, where somebody has.</summary>
    public AskerFacts Asker;

    /// <summary>The other end of the server connection.</summary>
    public PeerAddress ServerAddress;

    public long ServerConnectionId;

    /// <summary>Name of the server; empty on the client's side.</summary>
    public string ServerName;
}

/// <summary>Whose request a message is, or answers: what the recorder says of it. A value.</summary>
internal struct AskerFacts
{
    public PeerAddress Client;

    public long ClientConnectionId;

    /// <summary>The port that the client has connected to, where that may choose its route; 0 = nobody asks.</summary>
    public int Port;

    /// <summary>Number of the request on its connection; 0 = unknown.</summary>
    public int RequestNumber;

    /// <summary>The recording that the client's connection is for; 0 = none.</summary>
    public int Recording;

    /// <summary>What goes over the connection is not read: a tunnel from its first byte on.</summary>
    public bool IsOpaque;

    public string? Listener;

    public string? Route;

    public string? Upstream;
}
