namespace NativeProxy.Foundation;

/// <summary>How much a line of the process's own log matters, by the word that stands in it; and from which on lines are written.</summary>
internal enum LogLevel
{
    Info = 0,
    Warn = 1,
    Error = 2,
}

/// <summary>What they are called, in lines, in the file, in the API and in commands. Stateless.</summary>
internal static class LogLevels
{
    /// <summary>All of them, for people.</summary>
    public const string Names = "info, warn, error";

    public static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Info => "info",
        LogLevel.Warn => "warn",
        _ => "error",
    };

    /// <summary>Null when none is called so.</summary>
    public static LogLevel? Named(string? name) => name switch
    {
        "info" => LogLevel.Info,
        "warn" => LogLevel.Warn,
        "error" => LogLevel.Error,
        _ => null,
    };
}
