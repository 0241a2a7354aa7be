using System;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Clients;

/// <summary>Who serves the requests of a listener's clients. Calls come on the loop thread.</summary>
internal interface IRequestService
{
    /// <summary>What is served, for Allow in a 405 and where OPTIONS asks the proxy itself; other methods pass, too, as any token does.</summary>
    ReadOnlySpan<byte> AllowedMethods { get; }

    /// <summary>What the file says of the proxy's own errors where no route is chosen; null when it says nothing.</summary>
    ErrorPages? ErrorPages { get; }

    /// <summary>False when Proxy-Authorization ends at this proxy.</summary>
    bool PassesProxyCredentials { get; }

    /// <summary>
    /// Where a request goes, as a token that only the service understands, to be handed to <see cref="IClientStreamUser.Begin"/>; null when it is
    /// refused. Nothing happens and nothing is counted.
    /// </summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Whose request it is.</param>
    /// <param name="refusal">Why it is refused.</param>
    /// <param name="detail">The rule of syntax that it broke, or None.</param>
    object? Route(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail);

    /// <summary>What a route that <see cref="Route"/> has said is called in the file; null = it has no name.</summary>
    string? NameOf(object route);

    /// <summary>Makes the user of a stream, for all requests that will come on it.</summary>
    IClientStreamUser MakeUser(ClientStream stream);

    /// <summary>A request was answered, or ended, before anybody served it.</summary>
    void OnRefused(ClientConnection connection, in Refusal refusal);
}

/// <summary>What is to be logged of a request that nobody served.</summary>
internal readonly ref struct Refusal
{
    public required ProxyError Error { get; init; }

    /// <summary>The rule that it broke, or None.</summary>
    public required RejectReason Detail { get; init; }

    /// <summary>Why the connection ends.</summary>
    public required CloseReason CloseReason { get; init; }

    /// <summary>Who asked.</summary>
    public required PeerAddress Client { get; init; }

    /// <summary>Of the answer; 0 when there was none.</summary>
    public int StatusCode { get; init; }

    /// <summary>What was sent.</summary>
    public ReadOnlySpan<byte> Answer { get; init; }

    /// <summary>What has come of the request.</summary>
    public ReadOnlySpan<byte> Request { get; init; }

    /// <summary>Its first line says something.</summary>
    public bool ShowsLine { get; init; }

    /// <summary>When its first byte came.</summary>
    public required long StartedMs { get; init; }
}
