namespace NativeProxy.Metrics;

/// <summary>Under which names the <see cref="LatencyBoard"/> has what is counted of listeners, upstreams and servers. Pure.</summary>
internal static class TallyNames
{
    public static string OfListener(string listener) => "l:" + listener;

    public static string OfUpstream(string upstream) => "u:" + upstream;

    public static string OfServer(string upstream, string server) => $"s:{upstream}/{server}";
}
