using System;
using System.Collections.Generic;

namespace NativeProxy.Config;

/// <summary>Finds the word somebody probably meant ("did you mean"). Pure; used on error paths only.</summary>
internal static class Spelling
{
    private const int WordCharsMax = 64;

    /// <summary>
    /// The candidate nearest to the word, or null when none is near: at most a third of the word's characters may differ, and never all of them.
    /// </summary>
    public static string? Closest(string word, IEnumerable<string> candidates)
    {
        if (word.Length is 0 or > WordCharsMax)
            return null;
        string? best = null;
        int bestDistance = Math.Min(Math.Max(1, word.Length / 3), word.Length - 1) + 1;
        foreach (string candidate in candidates)
        {
            int distance = Distance(word.ToLowerInvariant().Replace('-', '_'), candidate.ToLowerInvariant().Replace('-', '_'));
            if (distance >= bestDistance)
                continue;
            best = candidate;
            bestDistance = distance;
        }

        return best;
    }

    /// <summary>`did you mean "x"?` for the nearest candidate, or "".</summary>
    public static string Hint(string word, IEnumerable<string> candidates) =>
        Closest(word, candidates) is string best ? $"did you mean \"{best}\"?" : "";

    /// <summary>Edits (insert, delete, replace, swap of neighbours) that turn one word into the other: optimal string alignment.</summary>
    public static int Distance(string from, string to)
    {
        int[,] cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
            cost[i, 0] = i;
        for (int j = 0; j <= to.Length; j++)
            cost[0, j] = j;
        for (int i = 1; i <= from.Length; i++)
        {
            for (int j = 1; j <= to.Length; j++)
            {
                int replace = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replace, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }

        return cost[from.Length, to.Length];
    }
}
