using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Rewriting;

namespace NativeProxy.Exchanges;

/// <summary>Whose response a <see cref="ResponsePath"/> brings to the client. Calls come on the loop thread.</summary>
internal interface IResponsePathUser
{
    /// <summary>What becomes of the stickiness cookie in a response of the present server.</summary>
    StickyResponse StickyResponse { get; }

    /// <summary>Name of the server that was asked last; empty when none was.</summary>
    string ServerName { get; }

    /// <summary>Says what the client is told of how its request was let in.</summary>
    void AddTo(OwnFields own);

    /// <summary>The server connection on which the client has authenticated does not live on.</summary>
    bool BondEnds { get; }

    /// <summary>Authentication goes over the server connection.</summary>
    void OnAuthenticates();

    /// <summary>The client was told that the protocol is another one from now on.</summary>
    void OnProtocolSwitched(ReadOnlySpan<byte> rest);

    /// <summary>The server's response has been passed on, or withheld, to its last byte.</summary>
    void OnResponsePassed();

    /// <summary>It cannot be passed on.</summary>
    void OnFailed(ProxyError error, RejectReason detail);
}
