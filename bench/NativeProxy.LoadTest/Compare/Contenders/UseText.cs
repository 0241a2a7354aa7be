using System.Globalization;
using System.Text;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>What stands in NativeProxy's configuration for each <see cref="ProxyUse"/>. Pure.</summary>
internal static class UseText
{
    public const int RouteCount = 1000;
    public const int UpstreamCount = 100;
    public const int RuleCount = 20;

    /// <summary>Blocks of their own.</summary>
    /// <param name="use">What for.</param>
    /// <param name="origin">Where every server is.</param>
    public static string Blocks(ProxyUse use, string origin) => use switch
    {
        ProxyUse.RateLimit => "[[rate_limit]]\nname = \"by-client\"\nrate = \"1000000/s\"\n",
        ProxyUse.Routes => Routes(origin),
        _ => "",
    };

    /// <summary>All but the last route are for other hosts and paths, some of which begin as the request's does.</summary>
    private static string Routes(string origin)
    {
        var text = new StringBuilder();
        for (int i = 0; i < UpstreamCount; i++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"[[upstream]]\nname = \"app{i}\"\n  [[upstream.server]]\n  name = \"a\"\n  address = \"{origin}\"\n");
        }
        for (int i = 0; i < RouteCount; i++)
        {
            bool isLast = i == RouteCount - 1;
            text.Append(CultureInfo.InvariantCulture, $"[[route]]\nname = \"r{i}\"\nupstream = \"app{i % UpstreamCount}\"\n");
            text.Append(isLast ? "path = [\"/*\"]\n" : i % 2 == 0
                ? string.Create(CultureInfo.InvariantCulture, $"host = [\"h{i}.example\"]\n")
                : string.Create(CultureInfo.InvariantCulture, $"path = [\"/s/{i}/*\"]\n"));
            if (!isLast)
                continue;
            Rules(text, "request_headers");
            Rules(text, "response_headers");
        }
        return text.ToString();
    }

    private static void Rules(StringBuilder text, string table)
    {
        text.Append(CultureInfo.InvariantCulture, $"  [route.{table}]\n  set = {{ ");
        for (int i = 0; i < RuleCount / 2; i++)
            text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ", ")}X-Rule-{i} = \"value-{i}\"");
        text.Append(" }\n");
    }
}
