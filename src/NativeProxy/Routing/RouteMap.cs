using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Routing;

/// <summary>
/// The routes of one listener in file order: the first whose conditions all hold takes a request; what none takes goes where the listener says.
/// Owner: a <see cref="RouteTable"/>; thread: the loop.
/// </summary>
/// <param name="judge">Finds the first; null when there are no routes.</param>
/// <param name="ends">Where each leads.</param>
/// <param name="unmatched">Where the others go.</param>
/// <param name="room">Where texts are decoded.</param>
internal sealed class RouteMap(PathJudge? judge, RouteEnd[] ends, Route unmatched, MatchRoom room)
{
    /// <summary>The route of a request, or null with the rule that its path breaks.</summary>
    public Route? Find(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out RejectReason refusal)
    {
        refusal = RejectReason.None;
        if (judge is null)
            return unmatched;
        refusal = judge.Find(RequestView.Of(bytes, head, client, room), out int route);
        return refusal != RejectReason.None ? null : route < 0 ? unmatched : ends[route].Next();
    }
}
