using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Processes;

/// <summary>Opens what the settings name as the place of a log. Stateless.</summary>
internal static class LogPlaces
{
    /// <summary>
    /// Opens one; null when it is off. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> for a file that cannot be
    /// opened; a syslog or journal may come later.
    /// </summary>
    /// <param name="text">The place.</param>
    /// <param name="settings">How lines for a syslog are addressed, and its name is looked up.</param>
    /// <param name="log">Which log it is: "access", "connection" or "error".</param>
    /// <param name="tell">Hears of a syslog or journal that does not take lines.</param>
    public static LogTarget? Open(string text, in ProxySettings settings, string log, Action<string> tell)
    {
        LogPlace place = LogPlaceText.Of(text);
        return place.Kind switch
        {
            LogPlaceKind.Off => null,
            LogPlaceKind.Stdout => LogTarget.Stdout(),
            LogPlaceKind.Stderr => LogTarget.Stderr(),
            LogPlaceKind.File => LogTarget.ToFile(place.Path),
            _ => LogTarget.ToSocket(SocketOf(place, text, settings, log, tell)),
        };
    }

    /// <summary>Lines of the proxy itself go where the settings say from now on.</summary>
    public static void DivertErrors(ErrorLog errors, in ProxySettings settings)
    {
        if (LogPlaceText.Of(settings.Log.ErrorsTarget).IsSocket && Open(settings.Log.ErrorsTarget, settings, "error", errors.Aside) is { } target)
            errors.Divert(target);
    }

    private static LogSocket SocketOf(in LogPlace place, string text, in ProxySettings settings, string log, Action<string> tell)
    {
        LogSocketKind kind = place.Kind switch
        {
            LogPlaceKind.SyslogUdp => LogSocketKind.SyslogUdp,
            LogPlaceKind.SyslogTcp => LogSocketKind.SyslogTcp,
            LogPlaceKind.Journal => LogSocketKind.Journal,
            _ => LogSocketKind.SyslogUnix,
        };
        LogSyslogSettings syslog = settings.Log.Syslog;
        string hostname = syslog.Hostname.Length > 0 ? syslog.Hostname : OwnName();
        var envelope = new LogEnvelope(kind, (int)syslog.Facility, hostname, syslog.AppName, log, TimeProvider.System);
        return new LogSocket(AddressOf(place, settings.Resolver), kind, envelope, $"{log} log \"{text}\"", tell);
    }

    private static LogAddress AddressOf(in LogPlace place, in ResolverSettings resolver)
    {
        if (place.Name.Length == 0)
            return LogAddress.Of(place.Ip is null ? new UnixDomainSocketEndPoint(place.Path) : new IPEndPoint(place.Ip, place.Port));
        var finder = new NameFinder(resolver);
        return new LogHost(place.Name, place.Port, name => finder.Find(name), Environment.TickCount64);
    }

    /// <summary>In visible ASCII, or the sign for none.</summary>
    private static string OwnName()
    {
        string name = Environment.MachineName;
        return name.Length is > 0 and <= 255 && !name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name : "-";
    }
}
