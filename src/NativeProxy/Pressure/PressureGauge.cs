using System;

namespace NativeProxy.Pressure;

/// <summary>
/// Whether one bounded thing runs short, with two marks, so that it does not go on and off with every connection: on at the high mark,
/// off at the low one. A value (keep it in a field, never copy it); knows neither what it measures nor the time.
/// </summary>
internal struct PressureGauge
{
    /// <summary>It begins to run short at this use; a gauge without marks never does.</summary>
    public long HighMark { get; private set; }

    /// <summary>It no longer runs short at this use, a tenth below the high mark.</summary>
    public long LowMark { get; private set; }

    public bool IsShort { get; private set; }

    /// <summary>Use that is to be given up so that nothing runs short; 0 when nothing does.</summary>
    public readonly long Excess(long used) => IsShort ? Math.Max(0, used - LowMark) : 0;

    /// <param name="capacity">What there is at most; 0 = unknown, never short.</param>
    /// <param name="percent">The high mark in percent of it, rounded up; 0 = never short.</param>
    public void SetMarks(long capacity, int percent)
    {
        bool isOff = capacity <= 0 || percent == 0;
        HighMark = isOff ? long.MaxValue : Math.Max(1, ((capacity * percent) + 99) / 100);
        LowMark = isOff ? long.MaxValue : HighMark - Math.Max(1, HighMark / 10);
    }

    /// <summary>Takes the present use.</summary>
    public void Judge(long used) => IsShort = HighMark > 0 && (IsShort ? used > LowMark : used >= HighMark);
}
