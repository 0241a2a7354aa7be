using System;
using System.Numerics;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// Routes a request by the path that is sent: in its normal form where some route looks at paths, and not at all where servers may read it in ways
/// that lead to different routes (ROUTES 4). Owner: the routes of one listener; thread: the loop.
/// </summary>
/// <param name="index">The routes.</param>
/// <param name="normalization">Whether a path is normalised; "auto" has been decided.</param>
/// <param name="ambiguous">What becomes of a path with several readings.</param>
internal sealed class PathJudge(RouteIndex index, PathNormalization normalization, AmbiguousPathPolicy ambiguous)
{
    /// <summary>Habits that one path may have to do with: it is read by each set of them.</summary>
    private const int HabitsMax = 6;

    /// <summary>Bytes that are read of one path, over all of its readings: a long one may have to do with few habits only.</summary>
    private const int BytesReadMax = 64 * 1024;

    /// <summary>Whether the paths of a listener are brought into one form: "auto" is on where some of its routes looks at paths.</summary>
    public static PathNormalization NormalizationOf(PathNormalization said, RouteConditions[] routes) =>
        said != PathNormalization.Auto ? said
        : Array.Exists(routes, static route => route.Path.Exists) ? PathNormalization.On : PathNormalization.Off;

    /// <summary>Finds the route, and says in the head which target is sent where that is another than came.</summary>
    /// <param name="request">The request; its path is still to be read.</param>
    /// <param name="route">Number of the route; -1 when none takes it.</param>
    /// <returns>None, or why the request is refused.</returns>
    public RejectReason Find(in RequestView request, out int route)
    {
        route = -1;
        if (index.NamesHosts && !HostText.IsPlain(request.Host))
            return RejectReason.BadHost;
        ReadOnlySpan<byte> path = request.Target[..request.PathBytes];
        bool hasPath = request.Head.Form is TargetForm.Origin or TargetForm.Absolute;
        if (!hasPath || normalization == PathNormalization.Off)
        {
            route = index.Find(request, hasPath && path.IsEmpty ? "/"u8 : path);
            return RejectReason.None;
        }
        ReadOnlySpan<byte> normal = path;
        bool isNormal = PathText.IsNormal(path);
        if (!isNormal)
        {
            if (PathText.HasBadEscape(path))
                return RejectReason.BadTarget;
            if (!PathText.TryNormalize(path, request.Room.Path, out int normalBytes))
                return RejectReason.PathAboveRoot;
            normal = request.Room.Path.AsSpan(0, normalBytes);
            isNormal = normal.SequenceEqual(path);
        }
        if (!isNormal && normalization == PathNormalization.Strict && !path.IsEmpty)
            return RejectReason.PathNotNormal;
        route = index.Find(request, normal);
        bool isAmbiguous = ambiguous != AmbiguousPathPolicy.Keep && PathText.IsAmbiguous(normal);
        if (isAmbiguous && JudgeReadings(request, normal, route) is not RejectReason.None and var refusal)
            return refusal;

        // An empty path goes out as what it means for its method; an ambiguous one byte for byte, if only the case of hex digits differs.
        if (!isNormal && !path.IsEmpty && !(isAmbiguous && AsciiBytes.EqualsIgnoreCase(normal, path)))
            SendNormal(request.Head, normal, request.Target[request.PathBytes..]);
        return RejectReason.None;
    }

    /// <summary>
    /// Such a path goes on if every reading of it takes the same route: by each of the habits that make a difference for it, and by any of them
    /// together. One with too many, or that takes too long, is what nobody means well.
    /// </summary>
    private RejectReason JudgeReadings(in RequestView request, ReadOnlySpan<byte> normal, int route)
    {
        if (ambiguous == AmbiguousPathPolicy.Reject)
            return RejectReason.AmbiguousPath;
        PathReading habits = PathText.HabitsOf(normal);
        int count = BitOperations.PopCount((uint)habits);
        if (count > HabitsMax || (long)normal.Length << count > BytesReadMax)
            return RejectReason.AmbiguousPath;
        for (PathReading reading = habits; reading != PathReading.None; reading = (PathReading)((int)reading - 1) & habits)
        {
            Span<byte> room = request.Room.Reading;
            if (!PathText.TryReadAs(normal, reading, room, out int bytes) || index.Find(request, room[..bytes]) != route)
                return RejectReason.AmbiguousPath;
        }
        return RejectReason.None;
    }

    private static void SendNormal(RequestHead head, ReadOnlySpan<byte> normal, ReadOnlySpan<byte> query)
    {
        Span<byte> room = head.RoomForSentTarget(normal.Length + query.Length);
        normal.CopyTo(room);
        query.CopyTo(room[normal.Length..]);
    }
}
