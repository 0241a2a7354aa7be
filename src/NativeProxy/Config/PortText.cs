using System.Globalization;

namespace NativeProxy.Config;

/// <summary>Ports from the first to the last one.</summary>
internal readonly record struct PortRange(int First, int Last)
{
    public bool Contains(int port) => port >= First && port <= Last;
}

/// <summary>Reads a port or a range of ports: `443`, `8000-8999`. Pure.</summary>
internal static class PortText
{
    public const string Pattern = "^[0-9]{1,5}(-[0-9]{1,5})?$";

    public const string Expected = "a port such as \"443\" or a range such as \"8000-8999\" (1 to 65535)";

    public static bool TryParse(string text, out PortRange range)
    {
        int dash = text.IndexOf('-');
        int last = 0;
        bool isSound = TryPort(dash < 0 ? text : text[..dash], out int first) && TryPort(dash < 0 ? text : text[(dash + 1)..], out last);
        range = new PortRange(first, last);
        return isSound && first <= last;
    }

    /// <summary>Whether one text names all ports that another one does.</summary>
    public static bool Covers(string wide, string narrow) => TryParse(wide, out PortRange all) && TryParse(narrow, out PortRange some)
        && all.Contains(some.First) && all.Contains(some.Last);

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535 && text.Length <= 5;
}
