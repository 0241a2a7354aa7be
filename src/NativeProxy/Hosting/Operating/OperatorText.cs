using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using NativeProxy.Hosting.Processes;
using NativeProxy.Pipes;

namespace NativeProxy.Hosting.Operating;

/// <summary>How commands to a proxy that runs speak with people. Stateless.</summary>
internal static class OperatorText
{
    /// <summary>One line about why nothing came of it, and the exit code.</summary>
    public static int Failed(string problem)
    {
        Console.Error.WriteLine(problem);
        return ExitCodes.Failure;
    }

    /// <summary>Runs a command. Whoever answers may be no proxy, or one of another version: that is told, too.</summary>
    public static int Run(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return Failed("what answers there is no proxy of this version");
        }
    }

    /// <summary>What an answer without success says, without signs that a terminal would obey.</summary>
    public static string OfAnswer(HttpDocument document)
    {
        string text = Printable(Encoding.UTF8.GetString(document.Content).Trim());
        return text.Length > 0 ? text : $"the answer is status {document.StatusCode}";
    }

    /// <summary>A text that came from elsewhere, without signs that a terminal would obey.</summary>
    public static string Printable(string text) => string.Concat(text.Where(static sign => !char.IsControl(sign)));

    /// <summary>How long, in two figures or three: 950 ms, 12.3 s, 5.0 min, 3.2 h.</summary>
    public static string Duration(long ms) => ms switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{ms} ms"),
        < 60_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.0} s"),
        < 3_600_000 => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000.0:0.0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000.0:0.0} h"),
    };

    /// <summary>Null, with the problem, when it is none.</summary>
    public static JsonDocument? JsonOf(HttpDocument document, out string problem)
    {
        problem = "";
        try
        {
            return JsonDocument.Parse(document.Content);
        }
        catch (JsonException)
        {
            problem = "what answers there is no proxy of this version";
            return null;
        }
    }

    /// <summary>One reading of the configuration, as the API shows it.</summary>
    public static string LineOf(JsonElement load) =>
        $"load {load.GetProperty("load").GetInt32()}, {load.GetProperty("at").GetString()}, "
        + $"{(load.GetProperty("taken").GetBoolean() ? "in force" : "refused")}: {load.GetProperty("text").GetString()}";

    /// <summary>Rows whose columns begin below each other.</summary>
    public static void WriteTable(TextWriter output, List<string[]> rows)
    {
        int[] widths = new int[rows[0].Length];
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
                widths[i] = Math.Max(widths[i], row[i].Length);
        }
        foreach (string[] row in rows)
        {
            var line = new StringBuilder();
            for (int i = 0; i < row.Length; i++)
                line.Append(row[i].PadRight(widths[i] + 2));
            output.WriteLine(line.ToString().TrimEnd());
        }
    }
}
