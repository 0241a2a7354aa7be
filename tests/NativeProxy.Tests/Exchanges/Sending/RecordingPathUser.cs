using System;
using System.Collections.Generic;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>
/// Whose request a <see cref="RequestPath"/> brings; writes down what it hears: "authenticates", "tunnel", "wants body",
/// "interim 100", "response 200", "body \"x\" end", "switched", "failed QueueTimeout".
/// </summary>
internal sealed class RecordingPathUser : IRequestPathUser, IAnswerTaker
{
    public List<string> Events { get; } = [];

    public string Last => Events[^1];

    /// <summary>Called within each event with its text.</summary>
    public Action<string> Then { get; set; } = static _ => { };

    public PinnedServer? Pin { get; set; }

    public UpstreamServer? LastServer => null;

    /// <summary>The client has left while it waited.</summary>
    public bool ClientHasLeft { get; set; }

    public void OnAuthenticates() => Note("authenticates");

    public void OnTunnelReady() => Note("tunnel");

    public void OnWantsBody() => Note("wants body");

    public bool EndsWithoutClient()
    {
        if (ClientHasLeft)
            Note("left");
        return ClientHasLeft;
    }

    public void OnInterim(ReadOnlySpan<byte> bytes, ResponseHead head) => Note($"interim {head.StatusCode}");

    public void OnResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first) => Note($"response {head.StatusCode}");

    public void OnResponseBody(in BodyPiece piece) => Note($"body \"{Wire.Text(piece.Data)}\"{(piece.IsLast ? " end" : "")}");

    public void OnSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest) => Note("switched");

    public void OnFailed(ProxyError error, RejectReason detail) => Note($"failed {error}");

    private void Note(string text)
    {
        Events.Add(text);
        Then(text);
    }
}
