using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace NativeProxy.LoadTest.Report;

/// <summary>Writes rows of cells as a Markdown table whose columns are aligned, so that it reads as plain text too. Pure.</summary>
internal static class MarkdownTable
{
    /// <param name="rows">The first one is the head; all have as many cells. The first column stands left, the others right.</param>
    public static void Append(StringBuilder text, IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        AppendRow(text, rows[0], widths);
        AppendRow(text, [.. widths.Select((width, column) => column == 0 ? new string('-', width) : new string('-', width - 1) + ":")], widths);
        foreach (string[] row in rows.Skip(1))
            AppendRow(text, row, widths);
    }

    private static void AppendRow(StringBuilder text, string[] cells, int[] widths) =>
        text.Append("| ")
            .AppendJoin(" | ", cells.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))
            .Append(" |\n");
}
