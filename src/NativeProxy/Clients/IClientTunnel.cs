using System;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>Who takes a client's connection over for bytes that are no longer HTTP.</summary>
internal interface IClientTunnel : IConnectionOwner
{
    /// <summary>The connection is this owner's now.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="waiting">What the client has said that nobody has read; valid during this call.</param>
    void Begin(TcpConnection client, ReadOnlySpan<byte> waiting);
}
