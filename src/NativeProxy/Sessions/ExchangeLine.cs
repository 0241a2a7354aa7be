using NativeProxy.Foundation;

namespace NativeProxy.Sessions;

/// <summary>
/// The exchanges of one client connection that are in flight, in the order of their requests: the first is being answered, the answers to
/// the others are withheld until it is their turn. With <c>pipelining = 1</c> there is never more than one. Owner: one
/// <see cref="ClientSession"/> (a mutable struct: keep it in a field, never copy it); thread: the loop. Never begins or ends an exchange.
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

    /// <summary>Nobody waits for these any more: those whose turn on their server connection has not come leave it first, so that none is sent again.</summary>
    public readonly void GiveUp()
    {
        for (Exchange? exchange = First; exchange is not null; exchange = exchange.Behind)
            exchange.LeaveServer();
    }

    public void Append(Exchange exchange)
    {
        if (Last is null)
            First = exchange;
        else
            Last.Behind = exchange;
        Last = exchange;
    }

    public Exchange RemoveFirst()
    {
        Exchange exchange = First!;
        First = exchange.Behind;
        exchange.Behind = null;
        if (First is null)
            Last = null;
        return exchange;
    }
}
