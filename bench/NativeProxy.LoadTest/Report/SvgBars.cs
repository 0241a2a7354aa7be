using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;

namespace NativeProxy.LoadTest.Report;

/// <summary>One bar: its median, and the line from its smallest to its largest figure.</summary>
internal readonly record struct Bar(string Label, Spread Value, string Colour);

/// <summary>Bars that share a scale.</summary>
internal sealed record BarPanel(string Title, IReadOnlyList<Bar> Bars);

/// <summary>A dashed line at a value, named below each panel.</summary>
internal sealed record BarMark(double Value, string Label);

/// <summary>
/// Writes panels of horizontal bars, each panel with its own scale from 0, as an SVG image with a light ground of its own, so that it reads in
/// dark surroundings too. Pure.
/// </summary>
internal static class SvgBars
{
    private const int Width = 800;
    private const int Margin = 16;
    private const int BarStart = 160;
    private const int ValueWidth = 110;
    private const int BarHeight = 16;
    private const int BarGap = 4;
    private const int TitleHeight = 24;
    private const int MarkHeight = 14;
    private const int PanelGap = 16;
    private const int HeadHeight = 46;
    private const int FootHeight = 22;

    /// <param name="format">Of the figures at the bars.</param>
    /// <param name="unit">Behind them.</param>
    /// <param name="scaleMax">Where the scale of all panels ends and longer bars are cut; 0 = each panel has its own.</param>
    public static string Render(string title, IReadOnlyList<BarPanel> panels, string format, string unit, BarMark? mark = null, double scaleMax = 0)
    {
        int height = HeadHeight + panels.Sum(panel => HeightOf(panel, mark)) + FootHeight;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" ");
        svg.Append("font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" rx=\"8\" fill=\"#fafafa\"/>\n");
        Write(svg, Margin, 28, "font-size=\"16\" font-weight=\"bold\" fill=\"#222\"", title);
        int y = HeadHeight;
        foreach (BarPanel panel in panels)
        {
            AppendPanel(svg, y, panel, format, unit, mark, scaleMax);
            y += HeightOf(panel, mark);
        }
        Write(svg, Margin, y + 6, "font-size=\"11\" fill=\"#666\"",
            "Bars are medians over the rounds; thin lines reach from the smallest to the largest. "
            + (scaleMax > 0
                ? string.Create(CultureInfo.InvariantCulture, $"Bars are cut at {scaleMax:F2}.")
                : "Each group has its own scale from 0."));
        return svg.Append("</svg>\n").ToString();
    }

    private static int HeightOf(BarPanel panel, BarMark? mark) =>
        TitleHeight + (panel.Bars.Count * (BarHeight + BarGap)) + (mark is null ? 0 : MarkHeight) + PanelGap;

    /// <summary>Bars first, the mark over them, figures over both.</summary>
    private static void AppendPanel(StringBuilder svg, int top, BarPanel panel, string format, string unit, BarMark? mark, double scaleMax)
    {
        Write(svg, Margin, top + 14, "font-size=\"13\" font-weight=\"bold\" fill=\"#333\"", panel.Title);
        double most = scaleMax > 0 ? scaleMax : Math.Max(1e-9, panel.Bars.Select(bar => bar.Value.Max).Append(mark?.Value ?? 0).Max());
        double pixelsPerUnit = (Width - BarStart - ValueWidth) / most;
        int first = top + TitleHeight;
        int bottom = first + (panel.Bars.Count * (BarHeight + BarGap));
        for (int i = 0; i < panel.Bars.Count; i++)
        {
            double length = Math.Clamp(panel.Bars[i].Value.Median, 0, most) * pixelsPerUnit;
            int y = first + (i * (BarHeight + BarGap));
            svg.Append(CultureInfo.InvariantCulture,
                $"<rect x=\"{BarStart}\" y=\"{y}\" width=\"{length:F1}\" height=\"{BarHeight}\" fill=\"{panel.Bars[i].Colour}\"/>\n");
            if (panel.Bars[i].Value.Median > most)
            {
                svg.Append(CultureInfo.InvariantCulture,
                    $"<path d=\"M{BarStart + length - 14:F1} {y + BarHeight + 1}l5 -{BarHeight + 2}\" stroke=\"#fafafa\" stroke-width=\"4\"/>\n");
            }
        }
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{BarStart} {first - 2}V{bottom - 2}\" stroke=\"#999\"/>\n");
        if (mark is not null)
            AppendMark(svg, first, bottom, BarStart + (mark.Value * pixelsPerUnit), mark.Label);
        for (int i = 0; i < panel.Bars.Count; i++)
        {
            AppendFigure(svg, first + (i * (BarHeight + BarGap)), panel.Bars[i], most, pixelsPerUnit,
                panel.Bars[i].Value.Median.ToString(format, CultureInfo.InvariantCulture) + unit);
        }
    }

    private static void AppendMark(StringBuilder svg, int top, int bottom, double x, string label)
    {
        svg.Append(CultureInfo.InvariantCulture,
            $"<path d=\"M{x:F1} {top - 2}V{bottom}\" stroke=\"#1a4e8a\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"/>\n");
        Write(svg, x, bottom + 11, "font-size=\"11\" text-anchor=\"middle\" fill=\"#1a4e8a\"", label);
    }

    /// <summary>Name, range and value of one bar.</summary>
    private static void AppendFigure(StringBuilder svg, int y, Bar bar, double most, double pixelsPerUnit, string value)
    {
        double min = BarStart + (Math.Clamp(bar.Value.Min, 0, most) * pixelsPerUnit),
            max = BarStart + (Math.Clamp(bar.Value.Max, 0, most) * pixelsPerUnit);
        double middle = y + (BarHeight / 2.0);
        Write(svg, BarStart - 8, y + 12, "text-anchor=\"end\" fill=\"#333\"", bar.Label);
        if (max - min >= 1)
        {
            svg.Append(CultureInfo.InvariantCulture,
                $"<path d=\"M{min:F1} {middle}H{max:F1}M{min:F1} {middle - 3}v6M{max:F1} {middle - 3}v6\" stroke=\"#222\" fill=\"none\"/>\n");
        }
        // A mark may stand right behind the bar; the figure covers it.
        double width = 4 + (7.2 * value.Length);
        svg.Append(CultureInfo.InvariantCulture,
            $"<path d=\"M{max + 4:F1} {middle}h{width:F1}\" stroke=\"#fafafa\" stroke-width=\"{BarHeight - 2}\"/>\n");
        Write(svg, max + 6, y + 12, "fill=\"#222\"", value);
    }

    private static void Write(StringBuilder svg, double x, double y, string style, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" {style}>{WebUtility.HtmlEncode(text)}</text>\n");
}
