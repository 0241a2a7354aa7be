using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace NativeProxy.Tests.House;

/// <summary>
/// Finds what a Markdown document names in back quotes and what does not exist: files (`EventLoop.cs`), and paths that begin with a
/// folder of the root (`src/NativeProxy/Http1`) or of the product (`Http1/HeaderTable.cs`).
/// </summary>
internal static class DocumentNames
{
    private static readonly Regex Quoted = new("`([^`\r\n]+)`", RegexOptions.CultureInvariant);
    private static readonly Regex PathLike = new(@"^\.?/?[\w.\-]+(/[\w.\-]+)*/?$", RegexOptions.CultureInvariant);
    private static readonly Regex Fence = new(@"^```.*?^```", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Singleline);

    /// <param name="markdown">The document; fenced blocks are commands and examples and are left out.</param>
    /// <param name="files">All files, relative to the root, with '/'.</param>
    public static string[] Missing(string markdown, IReadOnlyCollection<string> files)
    {
        HashSet<string> known = Known(files);
        return [.. Quoted.Matches(Fence.Replace(markdown, "")).Select(static match => match.Groups[1].Value)
            .Where(name => PathLike.IsMatch(name) && NamesAFile(name, known) && !known.Contains(Plain(name))).Distinct()];
    }

    private static bool NamesAFile(string name, HashSet<string> known)
    {
        string plain = Plain(name);
        return plain.EndsWith(".cs", StringComparison.Ordinal)
            || (plain.Contains('/', StringComparison.Ordinal) && known.Contains(plain.Split('/')[0]));
    }

    private static string Plain(string name) => (name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name).TrimEnd('/');

    /// <summary>Files by name and by path, and folders, from the root and from the product's folder.</summary>
    private static HashSet<string> Known(IReadOnlyCollection<string> files)
    {
        const string Product = "src/NativeProxy/";
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in files)
        {
            known.Add(file.Split('/')[^1]);
            AddWithFolders(known, file);
            if (file.StartsWith(Product, StringComparison.Ordinal))
                AddWithFolders(known, file[Product.Length..]);
        }
        return known;
    }

    private static void AddWithFolders(HashSet<string> known, string path)
    {
        for (int end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
            known.Add(path[..end]);
    }
}
