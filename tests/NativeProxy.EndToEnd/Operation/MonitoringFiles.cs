using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The dashboard and the rules of perf/monitoring, as they lie in the repository.</summary>
internal static class MonitoringFiles
{
    private const RegexOptions Lines = RegexOptions.CultureInvariant | RegexOptions.Multiline;

    /// <summary>A rule, from its name to the next one or the end of its group.</summary>
    private static readonly Regex Rule = new(@"^ {6}- (alert|record): (.+)\n((?: {8}.*\n)+)", Lines);
    private static readonly Regex Expression = new(@"^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)", Lines);
    private static readonly Regex Series = new("series: '([^']*)'", Lines);

    public static string Dashboard { get; } = Read("nativeproxy.json");

    public static string RulesPath { get; } = PathOf("nativeproxy-alerts.yml");

    public static string RuleTestsPath { get; } = PathOf("nativeproxy-alerts-test.yml");

    /// <summary>The alerts, each with its lines.</summary>
    public static IReadOnlyList<(string Name, string Text)> Alerts { get; } = RulesOf("alert");

    /// <summary>What recording rules make.</summary>
    public static IReadOnlyList<(string Name, string Text)> Recorded { get; } = RulesOf("record");

    /// <summary>All queries of the dashboard: of panels, variables and marks.</summary>
    public static IReadOnlyList<MonitoringQuery> QueriesOfDashboard()
    {
        using JsonDocument document = JsonDocument.Parse(Dashboard);
        return [.. QueriesIn(document.RootElement, "dashboard")];
    }

    public static IEnumerable<MonitoringQuery> QueriesOfRules() => Alerts.Concat(Recorded).Select(static rule => new MonitoringQuery(
        rule.Name, ExpressionOf(rule.Text), Expression.Replace(rule.Text, "")));

    /// <summary>The series that unit tests of the rules lay before them.</summary>
    public static IEnumerable<MonitoringQuery> SeriesOfRuleTests() => Series.Matches(File.ReadAllText(RuleTestsPath))
        .Select(static match => new MonitoringQuery("test of the rules", match.Groups[1].Value, ""));

    private static IEnumerable<MonitoringQuery> QueriesIn(JsonElement element, string place)
    {
        if (element.ValueKind == JsonValueKind.Array)
            return element.EnumerateArray().SelectMany(one => QueriesIn(one, place));
        if (element.ValueKind != JsonValueKind.Object)
            return [];
        string inner = TextOf(element, "title") is { Length: > 0 } title ? title : place;
        string query = TextOf(element, "expr") + TextOf(element, "definition");
        MonitoringQuery[] own = query.Length == 0
            ? []
            : [new MonitoringQuery(inner, query, TextOf(element, "legendFormat") + TextOf(element, "titleFormat"))];
        return own.Concat(element.EnumerateObject().SelectMany(member => QueriesIn(member.Value, inner)));
    }

    private static string TextOf(JsonElement element, string member) =>
        element.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static (string Name, string Text)[] RulesOf(string kind) =>
        [.. Rule.Matches(File.ReadAllText(RulesPath)).Where(match => match.Groups[1].Value == kind)
            .Select(static match => (match.Groups[2].Value, match.Groups[3].Value))];

    private static string ExpressionOf(string rule)
    {
        Match match = Expression.Match(rule);
        return match.Groups[1].Value + match.Groups[2].Value;
    }

    private static string Read(string name) => File.ReadAllText(PathOf(name));

    private static string PathOf(string name) => Path.Combine(ProxyBinary.RepositoryRoot, "perf", "monitoring", name);
}
