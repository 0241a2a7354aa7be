namespace NativeProxy.Hosting.Processes;

/// <summary>What the process's exit code means; `nativeproxy --help` prints the same.</summary>
internal static class ExitCodes
{
    /// <summary>Ended as asked; running exchanges were finished.</summary>
    public const int Success = 0;

    /// <summary>Something failed while running, or the command line is wrong.</summary>
    public const int Failure = 1;

    /// <summary>The configuration cannot be used: nothing was started.</summary>
    public const int BadConfiguration = 2;

    /// <summary>Stopped before all exchanges were finished: the drain time ran out or a second signal came.</summary>
    public const int CutShort = 3;
}
