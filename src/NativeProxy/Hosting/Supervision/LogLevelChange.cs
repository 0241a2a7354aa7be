using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Changes the level of the supervisor's own lines while it runs, by an operator or by a reload; who changes it tells the workers. Stateless; any
/// thread.
/// </summary>
internal static class LogLevelChange
{
    /// <summary>Sets it, and says so as long as, or as soon as, such a line is written.</summary>
    /// <param name="log">Whose level it is.</param>
    /// <param name="level">The level.</param>
    /// <param name="by">Who wants it.</param>
    public static void Set(ErrorLog log, LogLevel level, string by)
    {
        LogLevel before = log.Level;
        if (level == before)
            return;
        string line = $"lines of the proxy itself are written from level {LogLevels.NameOf(level)} on, by {by}";
        if (level > before)
            log.Info(line);
        log.Level = level;
        if (level < before)
            log.Info(line);
    }

    /// <summary>After a reload: the file counts where it says another level than before; else what an operator has set stays.</summary>
    public static void Follow(ErrorLog log, in LogSettings before, in LogSettings after)
    {
        if (after.Level != before.Level)
            Set(log, after.Level, "a reload");
    }
}
