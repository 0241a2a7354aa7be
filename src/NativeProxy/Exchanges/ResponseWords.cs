using System;
using NativeProxy.Clients;
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
    /// <param name="facts">What rules may name.</param>
    public static void Add(ref ResponseChanges changes, ReadOnlySpan<byte> bytes, ResponseHead head, Route route, OwnFields own, RequestTrace? told,
        scoped in ResponseFacts facts)
    {
        changes.AddedLines = route.ResponseHeaders is { } rules ? rules.Apply(bytes, head.Fields, facts) : default;
        if (route.CrossOrigin is not null)
            CrossOrigin.DropFrom(bytes, head.Fields);
        if (told is not null)
            TraceRules.DropId(bytes, head.Fields, told);
        own.Begin(told);
        changes.Own = own;
    }

    /// <summary>What the proxy tells of a request in an answer that no server gives.</summary>
    public static OwnFields Begun(OwnFields own, RequestTrace? told, IResponsePathUser user)
    {
        own.Begin(told);
        user.AddTo(own);
        return own;
    }

    /// <summary>Adds what rules that name something say in an error of the proxy's own; what others say is with its page.</summary>
    public static OwnFields WithRules(OwnFields own, Route route, in ResponseFacts facts)
    {
        if (route.ResponseHeaders is { IsFixed: false } rules)
            own.Add(rules.OwnLines(facts));
        return own;
    }

    /// <summary>What rules may name of a response.</summary>
    /// <param name="client">The client's face.</param>
    /// <param name="trace">Under which names the request is known; null when it has none.</param>
    /// <param name="server">Who has answered; empty for the cache and the proxy itself.</param>
    /// <param name="statusCode">The status that the client gets.</param>
    public static ResponseFacts FactsOf(ClientStream client, RequestTrace? trace, string server, int statusCode) => new()
    {
        StatusCode = statusCode,
        Server = server,
        Trace = trace,
        Client = client.Client,
        Ends = client.Connection,
    };
}
