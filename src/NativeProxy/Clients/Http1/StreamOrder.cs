using System;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// The requests of one client connection that are in flight, in their order: the first is being answered, the answers to the others are withheld
/// until it is their turn. With <c>pipelining = 1</c> there is never more than one. Lends their streams from the pool and gives them back. Owner: one
/// <see cref="ClientSession"/> (a mutable struct: keep it in a field, never copy it); thread: the loop. Never decides what becomes of the connection.
/// </summary>
internal struct StreamOrder
{
    /// <summary>The request that is being answered, or null.</summary>
    public Http1ClientStream? First { get; private set; }

    /// <summary>The latest request; bytes of the client belong to it until it is complete.</summary>
    public Http1ClientStream? Last { get; private set; }

    public readonly bool IsEmpty => First is null;

    /// <summary>
    /// True when a further request may begin before these have been answered: there is room, each of them can run beside others, and none has
    /// told the client yet, or will, that the connection ends with it.
    /// </summary>
    /// <param name="countMax">How many may be answered at once.</param>
    /// <param name="requestsMax">How many the connection may carry; 0 = no limit.</param>
    public readonly bool MayGrow(int countMax, int requestsMax)
    {
        if (Last is null || (requestsMax > 0 && Last.RequestNumber >= requestsMax))
            return false;
        int count = 0;
        for (Http1ClientStream? stream = First; stream is not null; stream = stream.Behind)
        {
            if (++count >= countMax || !stream.Facts.RunsBesideOthers || stream.CloseReason != CloseReason.None)
                return false;
        }
        return true;
    }

    /// <summary>Begins a request behind the others. Returns the bytes used.</summary>
    public int Begin(ClientSession session, SessionPool pool, ReadOnlySpan<byte> bytes, in RequestIntake intake, long startedMs)
    {
        pool.Frontend.Counters.Add(CounterId.Requests);
        if (session.RequestCount > 1)
            pool.Frontend.Counters.Add(CounterId.RequestsOnKeptConnection);
        Http1ClientStream stream = pool.LendStream();
        Http1ClientStream? ahead = Last;
        Last = stream;
        if (ahead is null)
        {
            First = stream;
        }
        else
        {
            ahead.Behind = stream;
            pool.Frontend.Counters.Add(CounterId.RequestsInParallel);
            pool.Frontend.Counters.Add(CounterId.RequestsBehindOthers);
        }
        return intake.HeadBytes + stream.Begin(session, bytes, intake, startedMs, ahead);
    }

    /// <summary>
    /// The first is over: ends it, and those behind it that are over too when their turn has come. With one after which the connection ends
    /// the rest are given up. Returns why it ends, or None.
    /// </summary>
    public CloseReason EndFinished()
    {
        CloseReason closeReason = EndFirst();
        while (closeReason == CloseReason.None && First is { } next && next.CaughtUp())
            closeReason = EndFirst();
        if (closeReason != CloseReason.None)
            Abandon(ProxyError.None, closeReason);
        return closeReason;
    }

    /// <summary>Gives the first back. Returns why the connection ends with it, or None.</summary>
    public CloseReason EndFirst()
    {
        Http1ClientStream stream = First!;
        CloseReason closeReason = stream.CloseReason;
        First = stream.Behind;
        stream.Behind = null;
        if (First is null)
            Last = null;
        else
            stream.Connection.Frontend.Counters.Add(CounterId.RequestsBehindOthers, -1);
        stream.Ended();
        return closeReason;
    }

    /// <summary>
    /// Gives up all. True when only a reset tells the client that its answer is cut: one that only half-closed reads on, and FIN would complete a
    /// body that has no other end.
    /// </summary>
    public bool Cut(ProxyError error, CloseReason reason)
    {
        bool withReset = First is { IsCloseDelimited: true };
        Abandon(error, reason);
        return withReset;
    }

    /// <summary>
    /// Gives up all: nobody waits for them any more. Only safe requests run beside others, so that the client may ask for them again. Those
    /// whose turn on their server connection has not come leave it first, so that none is sent again.
    /// </summary>
    public void Abandon(ProxyError error, CloseReason reason)
    {
        for (Http1ClientStream? stream = First; stream is not null; stream = stream.Behind)
            stream.User.LeaveServer();
        while (First is { } stream)
        {
            stream.Abandon(error, reason);
            EndFirst();
        }
    }
}
