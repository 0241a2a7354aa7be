using System;
using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Routing;
using NativeProxy.Tracing;

namespace NativeProxy.Exchanges;

/// <summary>
/// What rules of the route and the proxy itself say in a response: lines that are added, and fields of it that are marked as dropped in its table.
/// Thread: the loop. Never writes.
/// </summary>
internal static class ResponseWords
{
    /// <summary>Adds both to the changes, and begins what the proxy tells of the request.</summary>
    /// <param name="changes">Of the response.</param>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="route">Of the request.</param>
    /// <param name="own">What the proxy tells.</param>
    /// <param name="told">The names of the request, of which the client is told the id; null when it is told none.</param>
    public static void Add(
        ref ResponseChanges changes, ReadOnlySpan<byte> bytes, ResponseHead head, Route route, OwnFields own, RequestTrace? told)
    {
        changes.AddedLines = ByRules(bytes, head, route);
        if (route.CrossOrigin is not null)
            CrossOrigin.DropFrom(bytes, head.Fields);
        if (told is not null)
            TraceRules.DropId(bytes, head.Fields, told);
        own.Begin(told);
        changes.Own = own;
    }

    /// <summary>The lines of rules alone.</summary>
    public static ReadOnlySpan<byte> ByRules(ReadOnlySpan<byte> bytes, ResponseHead head, Route route) =>
        route.ResponseHeaders is { } rules ? rules.Apply(bytes, head.Fields) : default;
}
