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

    private readonly byte[] _name;

    private StickyCookie(in UpstreamCookieSettings settings)
    {
        Mode = settings.Mode;
        IsIndirect = settings.Indirect;
        _name = Encoding.ASCII.GetBytes(settings.Name);
    }

    public CookieMode Mode { get; }

    /// <summary>The cookie is between client and proxy only: servers do not see it.</summary>
    public bool IsIndirect { get; }

    public ReadOnlySpan<byte> Name => _name;

    /// <summary>Whether the servers see another Cookie field than the client sent.</summary>
    public bool ChangesRequests => IsIndirect || Mode == CookieMode.Prefix;

    /// <summary>The cookie of these settings, or null when there is none.</summary>
    public static StickyCookie? Of(in UpstreamCookieSettings settings) => settings.Mode == CookieMode.Off ? null : new StickyCookie(settings);
}
