using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.LoadTest.Compare;

namespace NativeProxy.LoadTest.Report;

/// <summary>Pairs of living processes as a Markdown table: a row per scenario, a column per engine. Pure.</summary>
internal static class PairTable
{
    public static string Render(IReadOnlyList<PairResult> results)
    {
        string[] contenders = [.. results.Select(static result => result.Contender).Distinct()];
        var text = new StringBuilder();
        text.Append("Processor time per request, after to before: median of pairs (95 % interval), us before -> after\n\n|");
        foreach (string contender in contenders)
            text.Append(CultureInfo.InvariantCulture, $" | {contender}");
        text.Append(" |\n|---").Insert(text.Length, "|---", contenders.Length).Append("|\n");
        foreach (IGrouping<string, PairResult> row in results.GroupBy(static result => result.Title))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Key}");
            foreach (string contender in contenders)
            {
                text.Append(" | ").Append(row.FirstOrDefault(result => result.Contender == contender) is { } cell
                    ? string.Create(CultureInfo.InvariantCulture, $"{cell.Ratio}, {cell.BeforeUs:F2} -> {cell.AfterUs:F2}")
                    : "-");
            }
            text.Append(" |\n");
        }
        return text.ToString();
    }
}
