using System;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Rewriting;

/// <summary>
/// The stickiness cookie of one group, ready for use: what it is called and what is done with it in requests and responses. Immutable;
/// a reload makes another one. Never reads a message.
/// </summary>
internal sealed class StickyCookie
{
    /// <summary>Stands between the server's value and the application's in prefix mode, as HAProxy writes it.</summary>
    public const byte PrefixDelimiter = (byte)'~';

    /// <summary>A client's clock is not in it, so that nothing is much later than now; more is forged, or our clock went back.</summary>
    private const long AheadSecondsMax = 24 * 60 * 60;

    private readonly byte[] _name;
    private readonly long _idleSecondsMax;
    private readonly long _lifeSecondsMax;

    private StickyCookie(in UpstreamCookieSettings settings)
    {
        Mode = settings.Mode;
        IsIndirect = settings.Indirect;
        Preserves = settings.Preserve;
        _idleSecondsMax = (settings.MaxIdleMs + 999) / 1000;
        _lifeSecondsMax = (settings.MaxLifeMs + 999) / 1000;
        _name = Encoding.ASCII.GetBytes(settings.Name);
    }

    public CookieMode Mode { get; }

    /// <summary>The cookie is between client and proxy only: servers do not see it.</summary>
    public bool IsIndirect { get; }

    /// <summary>One that a server itself sets is left as it is, and none is inserted beside it.</summary>
    public bool Preserves { get; }

    /// <summary>The value says when it was set, so that it can grow too old.</summary>
    public bool IsDated => _idleSecondsMax > 0 || _lifeSecondsMax > 0;

    public ReadOnlySpan<byte> Name => _name;

    /// <summary>Whether the servers see another Cookie field than the client sent.</summary>
    public bool ChangesRequests => IsIndirect || Mode == CookieMode.Prefix;

    /// <summary>
    /// Whether a value of this age still names its server: 0 when it does, else the letter for the log, E when it was not used for too long, O when
    /// the client has had it for too long. One without dates is taken and gets them.
    /// </summary>
    /// <param name="dates">What the value says.</param>
    /// <param name="nowSeconds">Seconds since 1970-01-01 UTC.</param>
    public byte JudgeAge(CookieDates dates, long nowSeconds)
    {
        if (IsTooOld(dates.LastSeconds, _idleSecondsMax, nowSeconds))
            return (byte)'E';
        return IsTooOld(dates.FirstSeconds, _lifeSecondsMax, nowSeconds) ? (byte)'O' : (byte)0;
    }

    /// <summary>Whether a client that sent these dates gets newer ones.</summary>
    public bool Renews(CookieDates dates, long nowSeconds) =>
        (_idleSecondsMax > 0 && dates.LastSeconds != nowSeconds) || (_lifeSecondsMax > 0 && dates.FirstSeconds == 0);

    private static bool IsTooOld(long seconds, long ageMax, long nowSeconds) =>
        ageMax > 0 && seconds > 0 && (nowSeconds - seconds > ageMax || seconds - nowSeconds > AheadSecondsMax);

    /// <summary>The cookie of these settings, or null when there is none.</summary>
    public static StickyCookie? Of(in UpstreamCookieSettings settings) => settings.Mode == CookieMode.Off ? null : new StickyCookie(settings);
}
