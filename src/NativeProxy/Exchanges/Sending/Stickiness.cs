using System;
using System.Runtime.CompilerServices;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Timers;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>What the stickiness cookie and the stick table came to in one exchange. All zero when the upstream has neither.</summary>
internal struct Stickiness
{
    /// <summary>The upstream has a cookie or a table.</summary>
    public bool IsOn;

    /// <summary>The usable server that the request's cookie names, or null.</summary>
    public UpstreamServer? Wanted;

    /// <summary>What that cookie says of its age.</summary>
    public CookieDates Dates;

    /// <summary>What the table says.</summary>
    public StickMark Mark;

    /// <summary>
    /// Third letter of HAProxy's termination state: N = no cookie, I = it names no server, D = it names one that is down, E = it was not used for too
    /// long, O = the client has had it for too long, V = valid; 0 = no stickiness.
    /// </summary>
    public byte RequestLetter;

    /// <summary>The server that the request goes to if it can: the cookie's, else the table's; null when neither says one.</summary>
    public readonly UpstreamServer? First => Wanted ?? Mark.Found;

    /// <summary>Asks cookie and table of a request which server is meant, where there are any.</summary>
    /// <param name="sticky">What they say; what it was before is that of another request.</param>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="group">Whose cookie, table and servers are meant.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="clock">That of the loop.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Ask(
        ref Stickiness sticky, ReadOnlySpan<byte> bytes, RequestHead head, UpstreamGroup group, in PeerAddress client, LoopClock clock)
    {
        if (group.Rules.IsSticky)
            sticky = Of(bytes, head, group, client, clock);
        else if (sticky.IsOn)
            sticky = default;
    }

    /// <summary>Cookie and table of a request.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="group">Whose cookie, table and servers are meant.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="clock">That of the loop.</param>
    public static Stickiness Of(ReadOnlySpan<byte> bytes, RequestHead head, UpstreamGroup group, in PeerAddress client, LoopClock clock)
    {
        Stickiness sticky = Read(bytes, head.Fields, group, clock.WallMs / 1000);
        sticky.IsOn = true;
        if (group.Rules.Stick is { } stick)
            sticky.Mark = stick.MarkOf(bytes, head, client, group.Servers, clock.NowMs);
        return sticky;
    }

    /// <summary>The first usable server that a cookie of the request names.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="group">Whose cookie and servers are meant.</param>
    /// <param name="nowSeconds">Seconds since 1970-01-01 UTC.</param>
    public static Stickiness Read(ReadOnlySpan<byte> bytes, HeaderTable fields, UpstreamGroup group, long nowSeconds = 0)
    {
        if (group.Rules.Cookie is not { } cookie)
            return default;
        var sticky = new Stickiness { RequestLetter = (byte)'N' };
        var values = new StickyValues(bytes, fields, cookie);
        while (sticky.Wanted is null && values.MoveNext())
        {
            UpstreamServer? named = group.FindByCookie(values.Current, out bool isDown);
            byte tooOld = named is null ? (byte)0 : cookie.JudgeAge(values.Dates, nowSeconds);
            if (named is not null && tooOld == 0)
                (sticky.Wanted, sticky.Dates, sticky.RequestLetter) = (named, values.Dates, (byte)'V');
            else if (tooOld != 0)
                sticky.RequestLetter = tooOld;
            else if (isDown)
                sticky.RequestLetter = (byte)'D';
            else if (sticky.RequestLetter == (byte)'N')
                sticky.RequestLetter = (byte)'I';
        }
        return sticky;
    }
}
