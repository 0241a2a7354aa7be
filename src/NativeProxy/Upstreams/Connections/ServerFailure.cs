using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Upstreams.Connections;

/// <summary>Why there will be no whole answer. A value.</summary>
internal readonly struct ServerFailure
{
    /// <summary>What went wrong.</summary>
    public required ProxyError Error { get; init; }

    /// <summary>The rule that the server broke when its bytes were refused, or None.</summary>
    public RejectReason Detail { get; init; }

    /// <summary>Bytes of an answer have come: the request is not sent again, unless they were no head at all.</summary>
    public bool AnswerHasBegun { get; init; }

    /// <summary>They were to be the head of an answer, and nothing of it was passed on.</summary>
    public bool HeadIsBad { get; init; }

    /// <summary>What a connect that has failed is called.</summary>
    public static ProxyError OfConnect(SocketError error) => error switch
    {
        SocketError.TimedOut => ProxyError.ServerConnectTimeout,
        SocketError.AddressAlreadyInUse => ProxyError.NoSourcePort,
        SocketError.ConnectionAborted => ProxyError.ServerNotSecure,
        _ => ProxyError.ServerConnectFailed,
    };
}

/// <summary>What can be proved of a request on a connection that has failed before any byte of an answer.</summary>
internal enum SendProof : byte
{
    /// <summary>The server may have read and acted on it.</summary>
    Unknown,

    /// <summary>Our kernel refused the very first byte: the server cannot have seen any of it.</summary>
    NothingSent,

    /// <summary>The server shut its side before any byte had reached its machine.</summary>
    Unacknowledged,
}
