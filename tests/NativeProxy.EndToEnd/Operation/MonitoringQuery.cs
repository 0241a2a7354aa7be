using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A query of PromQL that stands in a file of perf/monitoring, as far as it names metrics and labels. Immutable.</summary>
/// <param name="Place">Where it stands, for messages.</param>
/// <param name="Text">The query.</param>
/// <param name="Words">What is shown beside its result, which may name labels as <c>{{label}}</c> or <c>$labels.label</c>.</param>
internal sealed record MonitoringQuery(string Place, string Text, string Words)
{
    private static readonly Regex Metric = new(@"\b((?:nativeproxy|process)_\w+|instance:[\w:]+)(?:\{([^}]*)\})?", RegexOptions.CultureInvariant);
    private static readonly Regex Matcher = new(@"(\w+)\s*(?:=~|!~|!=|=)\s*""([^""]*)""", RegexOptions.CultureInvariant);
    private static readonly Regex Grouping = new(@"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", RegexOptions.CultureInvariant);
    private static readonly Regex NamesOfVariable = new(@"^label_values\(.*,\s*(\w+)\)$", RegexOptions.CultureInvariant);
    private static readonly Regex Shown = new(@"\{\{\s*(?:\$labels\.)?([a-z]\w*)\s*\}\}", RegexOptions.CultureInvariant);

    /// <summary>The metrics, and what is asked of their labels.</summary>
    public IEnumerable<(string Name, (string Label, string Value)[] Asked)> Metrics => Metric.Matches(Text).Select(static match => (
        match.Groups[1].Value,
        Matcher.Matches(match.Groups[2].Value).Select(static one => (one.Groups[1].Value, one.Groups[2].Value)).ToArray()));

    /// <summary>Labels by which it groups, matches or chooses, and those that are shown.</summary>
    public IEnumerable<string> Labels => Grouping.Matches(Text).SelectMany(static match => match.Groups[1].Value.Split(','))
        .Concat(NamesOfVariable.Matches(Text).Concat(Shown.Matches(Words)).Select(static match => match.Groups[1].Value))
        .Select(static label => label.Trim()).Where(static label => label.Length > 0);
}
