using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>A fenced block of a Markdown page.</summary>
/// <param name="LineNumber">Of the opening fence, from 1.</param>
/// <param name="Info">What stands behind the opening fence: what the block is.</param>
/// <param name="Text">Its lines, each with its end.</param>
internal sealed record FencedBlock(int LineNumber, string Info, string Text)
{
    /// <summary>A whole configuration.</summary>
    public const string Configuration = "toml";

    /// <summary>Commands, each of which runs.</summary>
    public const string Commands = "sh";

    /// <summary>Commands that need more than this machine, or that build or test it.</summary>
    public const string CommandsNotRun = "sh not-run";

    /// <summary>What is printed or logged.</summary>
    public const string Output = "";

    private static readonly Regex Fence = new("^```(.*)\n((?:(?!```).*\n)*)```$", RegexOptions.CultureInvariant | RegexOptions.Multiline);

    /// <summary>Its lines but empty ones and those that are all comment.</summary>
    public IEnumerable<string> CommandLines => Text.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

    public static IReadOnlyList<FencedBlock> AllOf(string markdown) =>
        [.. Fence.Matches(markdown).Select(match => new FencedBlock(
            markdown.AsSpan(0, match.Index).Count('\n') + 1, match.Groups[1].Value, match.Groups[2].Value))];
}
