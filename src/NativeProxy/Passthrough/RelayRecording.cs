using System;
using NativeProxy.Clients;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Passthrough;

/// <summary>
/// Offers the client connections of a listener in mode "tcp" to the flight recorder: when one begins, and when it is known by which route it goes,
/// with what it has said by then. While nothing is recorded, that is a look at one word each time. Stateless; thread: the loop.
/// </summary>
internal static class RelayRecording
{
    /// <summary>A connection begins, of which nothing has been read.</summary>
    public static void Begins(TcpSession session)
    {
        if (session.Frontend.Recorder is { Connections.IsOn: true } recorder)
            recorder.Connections.OfferClient(session.Tcp!, AskerOf(session), first: default);
    }

    /// <summary>It is known where the connection goes. The recording may have begun while that was awaited, or have ended.</summary>
    /// <param name="session">Of the connection.</param>
    /// <param name="route">Name of the route that takes it; null when none does.</param>
    /// <param name="first">All that its client has said.</param>
    public static void GoesBy(TcpSession session, string? route, ReadOnlySpan<byte> first)
    {
        TcpConnection client = session.Tcp!;
        if (session.Frontend.Recorder is { Connections: { IsOn: true } recorder })
        {
            AskerFacts asker = AskerOf(session) with { Route = route };
            recorder.OfferClient(client, asker, first);
            recorder.OfferRouted(client, asker, first);
        }
        else if (client.Tap is not null)
        {
            client.Tap = null;
        }
    }

    /// <summary>Whose connection it is, of which nobody reads a byte.</summary>
    public static AskerFacts AskerOf(TcpSession session) => RecordedAsker.On(session, default) with
    {
        Port = session.Local.Port,
        IsOpaque = true,
    };
}
