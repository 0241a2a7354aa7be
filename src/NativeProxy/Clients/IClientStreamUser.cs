using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Recording;

namespace NativeProxy.Clients;

/// <summary>
/// Who serves the requests that come on one <see cref="ClientStream"/>, one after another. Calls come on the loop thread; within each the user may
/// answer and end the stream.
/// </summary>
internal interface IClientStreamUser
{
    /// <summary>True while pieces of the request's body are wanted and can be passed on.</summary>
    bool WantsBody { get; }

    /// <summary>True while a first piece is due with which the request goes out, if only an empty one.</summary>
    bool AwaitsFirstPiece { get; }

    /// <summary>True while the client waits for 100 Continue: the server must act, not the client.</summary>
    bool AwaitsContinue { get; }

    /// <summary>True when the answer is of use even if the client has gone.</summary>
    bool IsWorthFinishing { get; }

    /// <summary>
    /// A request has come. When it has a body, the stream goes on with a first piece at once if <see cref="WantsBody"/>.
    /// </summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it; valid during this call.</param>
    /// <param name="route">What <see cref="IRequestService.Route"/> has said.</param>
    /// <param name="ahead">The user of the client's previous request, if that is in flight.</param>
    /// <param name="moreFollows">What is behind it has come already, perhaps another request.</param>
    void Begin(ReadOnlySpan<byte> bytes, RequestHead head, object route, IClientStreamUser? ahead, bool moreFollows);

    /// <summary>A piece of the request's body, while <see cref="WantsBody"/>; nothing only when <see cref="AwaitsFirstPiece"/>.</summary>
    void OnClientBody(in BodyPiece piece);

    /// <summary>The request's body is not what it should be, or does not come.</summary>
    void OnClientBodyRefused(ProxyError error, RejectReason detail);

    /// <summary>Adds to what is said of the request which way it takes.</summary>
    void Describe(ref AskerFacts asker)
    {
    }

    /// <summary>For now nothing more has come of the client.</summary>
    void OnInputRead();

    /// <summary>The client does not take the answer as fast as it comes.</summary>
    void OnClientBlocked();

    /// <summary>The client takes more of the answer, or it is the answer's turn.</summary>
    void OnClientDrained();

    /// <summary>The connection ends, and with it all that is under way on it: first its requests in line on server connections leave those.</summary>
    void LeaveServer();

    /// <summary>The request is given up; nothing is sent to the client any more. <see cref="OnStreamEnded"/> follows.</summary>
    void OnClientGone(ProxyError error, CloseReason reason);

    /// <summary>Says what the request does now, for an operator.</summary>
    void Describe(SessionFacts facts);

    /// <summary>The request is over, and all of its answer has been given to the connection.</summary>
    void OnStreamEnded();
}
