using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace NativeProxy.Tests.House;

/// <summary>Finds links of a Markdown document that lead to no file of the repository, or to no heading of one. Other sites are not asked.</summary>
internal static class DocumentLinks
{
    private static readonly Regex Link = new(@"\]\(([^)\s]+)\)", RegexOptions.CultureInvariant);
    private static readonly Regex Heading = new("^#+ (.+)$", RegexOptions.CultureInvariant | RegexOptions.Multiline);
    private static readonly Regex Fence = new(@"^```.*?^```", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Singleline);

    /// <summary>Where a document's links lead, as they are written, without those to other sites.</summary>
    public static IEnumerable<string> Targets(string markdown) =>
        Link.Matches(Fence.Replace(markdown, "")).Select(static match => match.Groups[1].Value)
            .Where(static target => !target.Contains("://", StringComparison.Ordinal));

    /// <param name="document">Path of the document, relative to the root.</param>
    /// <param name="files">All files, relative to the root, with '/'.</param>
    /// <param name="read">The text of a file.</param>
    public static IEnumerable<string> Broken(string document, IReadOnlyCollection<string> files, Func<string, string> read)
    {
        foreach (string target in Targets(read(document)))
        {
            string[] parts = target.Split('#', 2);
            string file = parts[0].Length == 0 ? document : Resolve(document, parts[0]);
            if (!files.Any(path => path == file || path.StartsWith(file + "/", StringComparison.Ordinal)))
                yield return $"{document}: {target} leads to no file";
            else if (parts.Length == 2 && !Anchors(read(file)).Contains(parts[1]))
                yield return $"{document}: {target} leads to no heading";
        }
    }

    private static string Resolve(string document, string target) =>
        Path.GetRelativePath("/", Path.Combine("/", Path.GetDirectoryName(document)!, target));

    /// <summary>Headings as links name them: lower case, no punctuation, '-' for blanks.</summary>
    private static IEnumerable<string> Anchors(string markdown) =>
        Heading.Matches(Fence.Replace(markdown, "")).Select(static match =>
            Regex.Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-'));
}
