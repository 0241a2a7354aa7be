using NativeProxy.Clients;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Routing;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>What an operator is told of an exchange in flight: where it stands and what it waits for. Pure; thread: the loop.</summary>
internal static class ExchangeView
{
    /// <summary>Fills in what is known.</summary>
    /// <param name="facts">Of its connection.</param>
    /// <param name="route">Which way it takes.</param>
    /// <param name="client">The client's face.</param>
    /// <param name="path">The request's way to a server.</param>
    /// <param name="notes">What else is known.</param>
    public static void Describe(SessionFacts facts, Route route, ClientStream client, RequestPath path, ExchangeNotes notes)
    {
        facts.Route = route.LogIds.Name ?? "";
        facts.Asks(notes.StartedMs, notes.Text.Method, notes.Text.Target);
        facts.Upstream = path.Link.Group?.Name ?? "";
        facts.Server = path.Link.Server?.Name ?? "";
        ExchangeStations stations = notes.StationsOver(path.Link);
        facts.Stations = new RequestStations(stations.HeadReadMs, stations.ChosenMs, stations.ConnectedMs, stations.ResponseHeadMs);
        path.Link.Line?.Tell(facts);
        if (path.Stream.HeldConnection is { } server)
        {
            // One that waits behind others has no time of its own.
            (facts.ServerConnectionId, facts.ServerConnectionUses) = (server.Id, server.UseCount);
            if (server.State == UpstreamConnectionState.Connecting || path.Stream.IsReady)
                facts.EndsBy(server.State == UpstreamConnectionState.Connecting ? "timeouts.connect" : "timeouts.response", server.Facts.DueMs);
        }
        if (client.HasBegun)
        {
            facts.Is(client.Connection.Tcp!.HasQueuedBytes ? SessionState.WaitingForClientToRead : SessionState.SendingAnswer,
                stations.ResponseHeadMs);
        }
        else if (path.Link.Line is { IsWaiting: true })
        {
            facts.Is(SessionState.WaitingInQueue, LaterOf(stations.HeadReadMs, stations.ChosenMs));
        }
        else if (!path.Stream.HasConnection)
        {
            // Only limits and logins hold up what no server was asked for yet.
            bool hasBeenTried = path.Link.Tries.Count > 0;
            facts.Is(hasBeenTried ? SessionState.WaitingToRetry : SessionState.WaitingForAdmission,
                hasBeenTried ? stations.ChosenMs : stations.HeadReadMs);
        }
        else if (stations.ConnectedMs == LinkTimes.NotReached)
        {
            facts.Is(SessionState.WaitingForConnect, LaterOf(stations.HeadReadMs, stations.ChosenMs));
        }
        else
        {
            facts.Is(path.IsComplete ? SessionState.WaitingForAnswer : SessionState.ReadingBody, stations.ConnectedMs);
        }
    }

    private static long LaterOf(long one, long other) => one > other ? one : other;
}
