using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NativeProxy.Config;
using NativeProxy.Tests.Simulation.Peers;

namespace NativeProxy.Tests.Simulation.Verdict;

/// <summary>A promise of the proxy was broken.</summary>
internal sealed class InvariantBroken(string what) : Exception(what);

/// <summary>Who sent what and who saw what: requests by number, answers by serial, and what is allowed.</summary>
internal sealed class Evidence
{
    /// <summary>Host of every sound request.</summary>
    public const string Host = "sim.test:8080";

    private readonly Dictionary<long, RequestPlan> _requests = [];
    private readonly Dictionary<long, ReplyPlan> _replies = [];

    public ReusePolicy Reuse { get; set; }

    /// <summary>Requests that may be under way on one server connection.</summary>
    public int ServerPipeliningMax { get; set; } = 1;

    /// <summary>A request that is not idempotent may go out again when no byte of the first try has reached the server.</summary>
    public bool RetriesUnacknowledged { get; set; }

    public int AttemptsMax { get; set; } = 1;

    public int RequestsPerClientConnectionMax { get; set; } = int.MaxValue;

    /// <summary>Every request has to be answered.</summary>
    public bool IsCalm { get; set; }

    /// <summary>
    /// Connections on which a server spoke unasked when the first bytes of a request, too few to tell which, were on their way. Whoever
    /// sent it takes that for its answer.
    /// </summary>
    public HashSet<long> Deceivers { get; } = [];

    public int RequestCount => _requests.Count;

    /// <summary>Answers of servers that clients saw whole.</summary>
    public int CompleteCount { get; private set; }

    /// <summary>Answers of the proxy itself.</summary>
    public int OwnReplyCount { get; private set; }

    /// <summary>Requests that servers got whole.</summary>
    public int DeliveredCount { get; private set; }

    [DoesNotReturn]
    public static void Fail(string what) => throw new InvariantBroken(what);

    public static void Require(bool fact, string what)
    {
        if (!fact)
            Fail(what);
    }

    public void Add(RequestPlan request) => _requests.Add(request.Id, request);

    public void Add(ReplyPlan reply) => _replies.Add(reply.Serial, reply);

    public bool TryFindReply(long serial, [NotNullWhen(true)] out ReplyPlan? reply) => _replies.TryGetValue(serial, out reply);

    /// <summary>The request that a target names, as far as it can be read: "/number/..." ; null before its second slash is there.</summary>
    public RequestPlan? FindByTarget(ReadOnlySpan<char> target)
    {
        int slash = target.Length > 1 ? target[1..].IndexOf('/') : -1;
        return slash > 0 && long.TryParse(target.Slice(1, slash), NumberStyles.None, CultureInfo.InvariantCulture, out long id)
            ? _requests.GetValueOrDefault(id)
            : null;
    }

    /// <summary>The proxy has begun to send a request to a server: at least its number is on its way.</summary>
    public void RequestStarted(RequestPlan request)
    {
        request.Starts++;
        Require(request.Hostility != Hostility.InHead, $"{request} had to be refused, and a server gets it");
        Require(request.WrittenBytes >= request.HeadBytes, $"{request} goes to a server before its head was complete");
        Require(request.IsIdempotent || request.Starts == 1 || RetriesUnacknowledged,
            $"{request} is not idempotent, and was sent {request.Starts} times");
        Require(request.Starts <= AttemptsMax, $"{request} was sent {request.Starts} times with {AttemptsMax} attempts allowed");
    }

    /// <summary>A server has read the head of a request.</summary>
    public static void RequestRead(RequestPlan request)
    {
        request.Readings++;
        Require(request.IsIdempotent || request.Readings == 1, $"{request} is not idempotent, and servers have read it {request.Readings} times");
    }

    /// <summary>A server has got the end of a request.</summary>
    public void RequestEnded(RequestPlan request)
    {
        request.Ends++;
        DeliveredCount++;
        Require(request.Hostility == Hostility.None, $"{request} had to be refused, and a server got its end");
        Require(request.WrittenBytes == request.Bytes.Length, $"{request} was ended towards the server before the client had sent it all");
    }

    /// <summary>A client has read an answer of a server to its visible end.</summary>
    public void ReplyEnded(RequestPlan request, ReplyPlan reply, long bodyBytes)
    {
        CompleteCount++;
        request.IsAnswered = true;
        int expected = request.IsHead || reply.Status is 204 or 304 ? 0 : reply.BodyBytes;
        Require(!reply.IsFaulty, $"{request}: answer {reply.Serial} was broken off by the server and looks complete to the client");
        Require(bodyBytes == expected, $"{request}: answer {reply.Serial} looks complete with {bodyBytes} of {expected} body bytes");
    }

    public void OwnReplyEnded(RequestPlan request)
    {
        OwnReplyCount++;
        request.IsAnswered = true;
        Require(!IsCalm, $"{request} was answered by the proxy though nothing went wrong");
    }
}
