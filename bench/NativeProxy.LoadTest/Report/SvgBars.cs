using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;

namespace NativeProxy.LoadTest.Report;

/// <summary>One bar: its median, and the line from its smallest to its largest figure.</summary>
internal readonly record struct Bar(string Label, Spread Value);

/// <summary>Bars that share a scale.</summary>
internal sealed record BarPanel(string Title, IReadOnlyList<Bar> Bars);

/// <summary>
/// Writes panels of horizontal bars, each panel with its own scale from 0, as an SVG image that reads on light and on dark ground. Pure.
/// </summary>
internal static class SvgBars
{
    private const int Width = 760;
    private const int LabelWidth = 150;
    private const int ValueWidth = 70;
    private const int BarHeight = 18;
    private const int BarGap = 5;
    private const int TitleHeight = 26;
    private const int PanelGap = 14;
    private const int HeadHeight = 40;

    private static readonly string[] Colours = ["#4c78a8", "#72b7b2", "#9d9da1", "#e45756", "#f58518", "#54a24b"];

    public static string Render(string title, IReadOnlyList<BarPanel> panels, string format)
    {
        string[] labels = [.. panels.SelectMany(panel => panel.Bars).Select(bar => bar.Label).Distinct()];
        int height = HeadHeight + panels.Sum(panel => TitleHeight + (panel.Bars.Count * (BarHeight + BarGap)) + PanelGap);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" ");
        svg.Append("font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#888\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        Write(svg, 12, 24, $"font-size=\"16\" fill=\"#222\"", title);
        int y = HeadHeight;
        foreach (BarPanel panel in panels)
        {
            Write(svg, 12, y + 16, "font-size=\"13\" font-weight=\"bold\" fill=\"#333\"", panel.Title);
            y += TitleHeight;
            double scale = panel.Bars.Count == 0 ? 1 : Math.Max(1e-9, panel.Bars.Max(bar => bar.Value.Max));
            foreach (Bar bar in panel.Bars)
            {
                AppendBar(svg, y, bar, scale, Colours[Array.IndexOf(labels, bar.Label) % Colours.Length], format);
                y += BarHeight + BarGap;
            }
            y += PanelGap;
        }
        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendBar(StringBuilder svg, int y, Bar bar, double scale, string colour, string format)
    {
        double unit = (Width - LabelWidth - ValueWidth - 24) / scale;
        double length = Math.Max(0, bar.Value.Median) * unit;
        Write(svg, 12, y + 13, "fill=\"#333\"", bar.Label);
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{LabelWidth}\" y=\"{y}\" width=\"{length:F1}\" height=\"{BarHeight}\" fill=\"{colour}\"/>\n");
        double min = LabelWidth + (Math.Max(0, bar.Value.Min) * unit), max = LabelWidth + (Math.Max(0, bar.Value.Max) * unit), middle = y + (BarHeight / 2.0);
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{min:F1} {middle}H{max:F1}M{min:F1} {middle - 4}v8M{max:F1} {middle - 4}v8\" stroke=\"#222\" fill=\"none\"/>\n");
        Write(svg, Math.Max(max, LabelWidth + length) + 6, y + 13, "fill=\"#333\"", bar.Value.Median.ToString(format, CultureInfo.InvariantCulture));
    }

    private static void Write(StringBuilder svg, double x, double y, string style, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" {style}>{WebUtility.HtmlEncode(text)}</text>\n");
}
