using System;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Exchanges;

/// <summary>
/// The exchanges of one client connection that are in flight, in the order of their requests: the first is being answered, the answers to
/// the others are withheld until it is their turn. With <c>pipelining = 1</c> there is never more than one. Lends them from the listener
/// and gives them back. Owner: one <see cref="ClientSession"/> (a mutable struct: keep it in a field, never copy it); thread: the loop.
/// Never decides what becomes of the connection.
/// </summary>
internal struct ExchangeLine
{
    /// <summary>The exchange that is being answered, or null.</summary>
    public Exchange? First { get; private set; }

    /// <summary>The exchange of the latest request; bytes of the client belong to it until its request is complete.</summary>
    public Exchange? Last { get; private set; }

    public readonly bool IsEmpty => First is null;

    /// <summary>
    /// True when a further request may begin before these have been answered: there is room, each of them can run beside others, and none has
    /// told the client yet, or will, that the connection ends with it.
    /// </summary>
    public readonly bool MayGrow(int countMax)
    {
        if (Last is not { RequestsLeft: not 0 })
            return false;
        int count = 0;
        for (Exchange? exchange = First; exchange is not null; exchange = exchange.Behind)
        {
            if (++count >= countMax || !exchange.RunsBesideOthers || exchange.CloseReason != CloseReason.None)
                return false;
        }
        return true;
    }

    /// <summary>Begins the exchange of a request behind the others. Returns the bytes used.</summary>
    public int Begin(ClientSession session, ReadOnlySpan<byte> bytes, in RequestIntake intake, long startedMs)
    {
        Listener listener = session.Listener;
        Exchange exchange = listener.LendExchange();
        Exchange? ahead = Last;
        Last = exchange;
        if (ahead is null)
        {
            First = exchange;
        }
        else
        {
            ahead.Behind = exchange;
            listener.Counters.Add(CounterId.RequestsInParallel);
            listener.Counters.Add(CounterId.RequestsBehindOthers);
        }
        return intake.HeadBytes + exchange.Begin(session, bytes, intake, startedMs, ahead);
    }

    /// <summary>
    /// The first is over: ends it, and those behind it that are over too when their turn has come. With one after which the connection ends
    /// the rest are given up. Returns why it ends, or None.
    /// </summary>
    public CloseReason EndFinished(ClientSession session)
    {
        CloseReason closeReason = EndFirst(session);
        while (closeReason == CloseReason.None && First is { } next && next.MoveUp())
            closeReason = EndFirst(session);
        if (closeReason != CloseReason.None)
            Abandon(session, ProxyError.None, closeReason);
        return closeReason;
    }

    /// <summary>Logs the first and gives it back. Returns why the connection ends with it, or None.</summary>
    public CloseReason EndFirst(ClientSession session)
    {
        Exchange exchange = First!;
        CloseReason closeReason = exchange.CloseReason;
        First = exchange.Behind;
        exchange.Behind = null;
        if (First is null)
            Last = null;
        else
            session.Listener.Counters.Add(CounterId.RequestsBehindOthers, -1);
        session.Listener.LogExchange(session, exchange);
        session.Listener.ReturnExchange(exchange);
        return closeReason;
    }

    /// <summary>
    /// Gives up all: nobody waits for them any more. Only safe requests run beside others, so that the client may ask for them again. Those
    /// whose turn on their server connection has not come leave it first, so that none is sent again.
    /// </summary>
    public void Abandon(ClientSession session, ProxyError error, CloseReason reason)
    {
        for (Exchange? exchange = First; exchange is not null; exchange = exchange.Behind)
            exchange.LeaveServer();
        while (First is { } exchange)
        {
            exchange.Abandon(error, reason);
            EndFirst(session);
        }
    }
}
