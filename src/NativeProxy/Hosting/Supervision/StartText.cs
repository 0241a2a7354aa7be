using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Supervision;

/// <summary>The line that says what has been started.</summary>
internal static class StartText
{
    private const int AddressesShownMax = 8;

    /// <param name="settings">Those in force.</param>
    /// <param name="workers">How many there are.</param>
    /// <param name="before">Number of the process before this one; 0 = there was none.</param>
    public static string Of(in ProxySettings settings, int workers, int before) =>
        $"nativeproxy {ProductVersion.Text} {Began(before)}, {workers} worker{(workers == 1 ? "" : "s")}: {Traffic(settings)}";

    /// <summary>How the process began, for the history of the configuration.</summary>
    public static string Began(int before) => before == 0 ? "started" : $"took over from process {before}";

    /// <summary>Which addresses lead to which upstreams.</summary>
    public static string Traffic(in ProxySettings settings)
    {
        var parts = new List<string>();
        foreach (ListenerSettings listener in settings.Listeners)
            parts.Add($"{listener.Name} on {Addresses(listener)} {Destination(listener)}");

        return string.Join("; ", parts);
    }

    /// <summary>The first and the last one of many.</summary>
    private static string Addresses(in ListenerSettings listener) => listener.Bind.Length <= AddressesShownMax
        ? string.Join(", ", listener.Bind)
        : $"{listener.Bind[0]} ... {listener.Bind[^1]} ({listener.Bind.Length} addresses)";

    private static string Destination(in ListenerSettings listener)
    {
        if (listener.Mode == ListenerMode.Forward)
            return "as a forward proxy";
        return listener.Upstream.Length > 0 ? "to " + listener.Upstream : "by routes";
    }
}
