using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Routing;

/// <summary>
/// The routes of one listener in file order: the first whose conditions all hold takes a request; what none takes goes where the listener says.
/// Owner: a <see cref="RouteTable"/>; thread: the loop.
/// </summary>
/// <param name="judge">Finds the first.</param>
/// <param name="ends">Where each leads.</param>
/// <param name="unmatched">Where the others go.</param>
/// <param name="room">Where texts are decoded.</param>
/// <param name="captures">What is found in paths; null when no route asks for that.</param>
internal sealed class RouteMap(PathJudge judge, RouteEnd[] ends, Route unmatched, MatchRoom room, PathCaptures? captures)
{
    /// <summary>The route of a request, or null with the rule that its path breaks.</summary>
    public Route? Find(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out RejectReason refusal)
    {
        refusal = judge.Find(RequestView.Of(bytes, head, client, room), out int number);
        if (refusal != RejectReason.None)
            return null;
        Route route = number < 0 ? unmatched : ends[number].WayOf(bytes, head, client);
        if (route.Access is { } lists && AccessList.FirstRefusing(lists, client) is >= 0 and var refusing)
            return route.Refusing.OfOthers[refusing];
        if (route.Captures is not null && captures is not null)
            Capture(bytes, head, route.Captures);
        return route;
    }

    /// <summary>Of the path that is sent.</summary>
    private void Capture(ReadOnlySpan<byte> bytes, RequestHead head, PathTest test)
    {
        ReadOnlySpan<byte> target = head.SentTarget.IsEmpty ? head.PathAndQuery.Of(bytes) : head.SentTarget;
        ReadOnlySpan<byte> path = target[..PathText.PathBytes(target)];
        test.Capture(path.IsEmpty ? "/"u8 : path, captures!);
        head.Captures = captures;
    }
}
