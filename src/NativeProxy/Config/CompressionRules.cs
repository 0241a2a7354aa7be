using System;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `compression` of listeners, policies and routes. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class CompressionRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>Checks one table.</summary>
    /// <param name="compression">The table.</param>
    /// <param name="path">Of it.</param>
    public void Check(in CompressionSettings compression, string path)
    {
        for (int i = 0; i < compression.Types.Length; i++)
        {
            if (!IsType(compression.Types[i]))
            {
                Break($"{path}.types[{i}]", $"{ErrorExcerpt.Quoted(compression.Types[i])} is no content type",
                    "\"text/html\", \"text/*\" or the like");
            }
        }
        if (compression.Algorithms.Length > 1 && compression.Algorithms.Contains(CompressionKind.None))
            Break($"{path}.algorithms", "\"none\" beside another algorithm", "[\"gzip\"] or [\"none\"]");
    }

    /// <summary>Two tokens; in the second one a '*' may stand for its beginning.</summary>
    private static bool IsType(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && TokenText.IsToken(text[..slash]) && !text[..slash].Contains('*', StringComparison.Ordinal)
            && TokenText.IsToken(text[(slash + 1)..]) && text.LastIndexOf('*') <= slash + 1;
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
