using System.Collections.Generic;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// The looks that `top` takes: the last two that were answered, and how many since then were not. One lost answer is said, and asked for again: a
/// proxy that is started anew or upgraded is there again in a moment. Owner: one command.
/// </summary>
/// <param name="first">The first one.</param>
internal sealed class TopLooks(TopSample first)
{
    /// <summary>So many in a row without an answer, and the command ends.</summary>
    public const int LostMax = 5;

    private TopSample _before = first;
    private TopSample _now = first;
    private string _problem = "";
    private int _lostCount;

    /// <summary>Another look. False when too many in a row were lost.</summary>
    /// <param name="sample">What was seen; null = no answer.</param>
    /// <param name="problem">Then says why, for people.</param>
    public bool Take(TopSample? sample, string problem)
    {
        _problem = problem;
        if (sample is null)
            return ++_lostCount < LostMax;
        _lostCount = 0;
        (_before, _now) = (_now, sample);
        return true;
    }

    /// <summary>What there is to show: as it was last seen, where the last look was lost.</summary>
    public IEnumerable<string> Lines(TopOrder order)
    {
        if (_lostCount > 0)
            yield return $"no answer ({_lostCount} of {LostMax}), this is how it was: {_problem.Split('\n')[0]}";
        foreach (string line in TopView.Lines(_before, _now, order))
            yield return line;
    }
}
