using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>What /metrics shows: each metric that has HELP and TYPE, with the values of its labels. Immutable.</summary>
internal sealed class ExposedMetrics
{
    /// <summary>Labels that Prometheus itself gives to whatever it reads.</summary>
    private static readonly string[] OfPrometheus = ["job", "instance"];

    /// <summary>Labels whose values are the user's.</summary>
    private static readonly string[] Free = [.. OfPrometheus, "listener", "upstream", "server", "route", "worker", "file", "name", "fingerprint"];

    private static readonly Regex Sample = new(@"^(\w+)(?:\{(.*)\})? \S+$", RegexOptions.CultureInvariant);
    private static readonly Regex Label = new(@"(\w+)=""((?:[^""\\]|\\.)*)""", RegexOptions.CultureInvariant);
    private readonly Dictionary<string, HashSet<(string Label, string Value)>> _metrics = new(StringComparer.Ordinal);

    /// <param name="text">What a scraper gets.</param>
    public ExposedMetrics(string text)
    {
        string[] lines = text.Split('\n');
        HashSet<string> described = [.. lines.Where(static line => line.StartsWith("# HELP ", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')[2])];
        Dictionary<string, string> kinds = lines.Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')).ToDictionary(static words => words[2], static words => words[3]);
        foreach (Match match in lines.Select(static line => Sample.Match(line)).Where(static match => match.Success))
        {
            string name = match.Groups[1].Value;
            string family = FamilyOf(name, kinds);
            if (!described.Contains(family) || !kinds.ContainsKey(family))
                continue;
            if (!_metrics.TryGetValue(name, out HashSet<(string, string)>? labels))
                _metrics.Add(name, labels = []);
            labels.UnionWith(Label.Matches(match.Groups[2].Value).Select(static one => (one.Groups[1].Value, one.Groups[2].Value)));
        }
    }

    /// <summary>What a query names and what is not there, each with where it stands.</summary>
    /// <param name="query">The query.</param>
    /// <param name="recorded">Metrics that recording rules make.</param>
    public IEnumerable<string> Missing(MonitoringQuery query, IReadOnlyCollection<string> recorded)
    {
        HashSet<string> labels = [.. OfPrometheus];
        bool isOfKnown = false;
        foreach ((string name, (string Label, string Value)[] asked) in query.Metrics)
        {
            if (recorded.Contains(name))
                continue;
            if (!_metrics.TryGetValue(name, out HashSet<(string Label, string Value)>? has))
            {
                yield return $"{query.Place}: there is no {name}";
                continue;
            }
            isOfKnown = true;
            labels.UnionWith(has.Select(static one => one.Label));
            foreach ((string label, string value) in asked)
            {
                if (!OfPrometheus.Contains(label) && has.All(one => one.Label != label))
                    yield return $"{query.Place}: {name} has no label {label}";
                else if (!Free.Contains(label) && value.Split('|').Any(part => !has.Any(one => one.Label == label && Fits(one.Value, part))))
                    yield return $"{query.Place}: {name} has no {label} that is {value}";
            }
        }
        foreach (string label in isOfKnown ? query.Labels.Where(label => !labels.Contains(label)) : [])
            yield return $"{query.Place}: none of its metrics has the label {label}";
    }

    private static bool Fits(string value, string pattern) => Regex.IsMatch(value, $"^{pattern}$");

    /// <summary>Of a histogram three metrics are shown.</summary>
    private static string FamilyOf(string name, Dictionary<string, string> kinds)
    {
        string family = Regex.Replace(name, "_(bucket|sum|count)$", "");
        return kinds.GetValueOrDefault(family) == "histogram" ? family : name;
    }
}
