using System;
using System.IO;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// Times drawn below each other, a mark for each doubling, so that which one is shorter is seen at a glance. Writes lines of at most 120 columns,
/// unless a text is longer than usual. Lives for one explanation.
/// </summary>
/// <param name="output">Takes the lines.</param>
internal sealed class TimerChart(TextWriter output)
{
    /// <summary>What one mark stands for; each further one is twice the time before it: twenty of them are more than a day.</summary>
    private const long FirstMarkMs = 100;
    private const int MarksMax = 20;

    /// <summary>A time after which something is done.</summary>
    /// <param name="what">Of what.</param>
    /// <param name="ms">The time; 0 = there is no such limit.</param>
    /// <param name="effect">What the proxy does then.</param>
    /// <param name="key">Where that is set.</param>
    public void Add(string what, long ms, string effect, string key)
    {
        if (ms > 0)
            Write(what, Units.FormatDuration(ms), new string('=', MarksOf(ms)), effect, key);
        else
            Write(what, "-", "", "no limit", key);
    }

    /// <summary>Something that never happens, or not by a time.</summary>
    /// <param name="what">What.</param>
    /// <param name="fact">How it is.</param>
    /// <param name="key">Where that is set.</param>
    public void AddFact(string what, string fact, string key) => Write(what, "-", "", fact, key);

    private static int MarksOf(long ms) => Math.Clamp((int)Math.Round(Math.Log2((double)ms / FirstMarkMs)) + 1, 1, MarksMax);

    private void Write(string what, string time, string bar, string effect, string key) =>
        output.WriteLine($"  {what,-32} {time,6}  {bar,-MarksMax}  {effect}  [{key}]");
}
