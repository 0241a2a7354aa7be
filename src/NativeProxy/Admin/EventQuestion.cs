using System;
using System.Globalization;

namespace NativeProxy.Admin;

/// <summary>What somebody wants of a stream of events, as the query of the request says it. Immutable; pure.</summary>
/// <param name="everySeconds">How often it is told what has changed.</param>
/// <param name="order">Which sessions come first.</param>
internal sealed class EventQuestion(int everySeconds, SessionOrder order)
{
    /// <summary>Longer pauses would not show for long that a client is gone.</summary>
    private const int EverySecondsMax = 10;

    /// <summary>How often it is told what has changed.</summary>
    public int EverySeconds { get; } = everySeconds;

    /// <summary>Which sessions come first.</summary>
    public SessionOrder Order { get; } = order;

    /// <summary>Reads a query. Null, with the problem for people, when it is none of these.</summary>
    public static EventQuestion? TryParse(string query, out string problem)
    {
        int every = 0;
        SessionOrder? order = null;
        foreach (string part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int sign = part.IndexOf('=', StringComparison.Ordinal);
            string value = part[(sign + 1)..];
            bool isTaken = part[..Math.Max(sign, 0)] switch
            {
                "every" when every == 0 => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out every)
                    && every is >= 1 and <= EverySecondsMax,
                "order" when order is null => (order = SessionQuestion.OrderOf(value)) is not null,
                _ => false,
            };
            if (!isTaken)
            {
                problem = $"expected every=1 to {EverySecondsMax} (seconds) and order=newest, oldest or longest, each once at most";
                return null;
            }
        }
        problem = "";
        return new EventQuestion(Math.Max(every, 1), order ?? SessionOrder.Longest);
    }
}
