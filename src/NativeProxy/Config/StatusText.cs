using System;
using System.Collections.Immutable;
using System.Globalization;

namespace NativeProxy.Config;

/// <summary>Reads a status or a range of statuses: `204`, `200-399`. Pure.</summary>
internal static class StatusText
{
    public const string Pattern = "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$";

    public const string Expected = "a status such as \"204\" or a range such as \"200-399\" (100 to 599)";

    private const int Digits = 3;

    public static bool TryParse(string text, out Range range)
    {
        int dash = text.IndexOf('-');
        int last = 0;
        bool isSound = TryStatus(dash < 0 ? text : text[..dash], out int first) && TryStatus(dash < 0 ? text : text[(dash + 1)..], out last);
        range = isSound ? first..(last + 1) : default;
        return isSound && first <= last;
    }

    private static bool TryStatus(string text, out int status) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out status) && status is >= 100 and <= 599 && text.Length == Digits;
}

/// <summary>Some statuses of responses. Immutable; two with the same ones are equal.</summary>
internal sealed class StatusSet : IEquatable<StatusSet>
{
    private const int End = 600;

    private readonly bool[] _has = new bool[End];

    private StatusSet(ImmutableArray<string> texts)
    {
        foreach (string text in texts)
        {
            if (StatusText.TryParse(text, out Range range))
                _has.AsSpan(range).Fill(true);
        }
    }

    /// <summary>The statuses of checked settings.</summary>
    public static StatusSet Of(ImmutableArray<string> texts) => new(texts);

    public bool Contains(int status) => (uint)status < End && _has[status];

    public bool Equals(StatusSet? other) => other is not null && other._has.AsSpan().SequenceEqual(_has);

    public override bool Equals(object? obj) => Equals(obj as StatusSet);

    public override int GetHashCode() => _has.AsSpan().IndexOf(true);
}
