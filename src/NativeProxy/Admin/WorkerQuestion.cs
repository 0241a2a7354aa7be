namespace NativeProxy.Admin;

/// <summary>The words with which questions to workers begin.</summary>
internal static class WorkerQuestion
{
    /// <summary>Behind it stands the query of a <see cref="SessionQuestion"/>; the answer is an array.</summary>
    public const string Sessions = "sessions";

    /// <summary>Behind it stands the number of a connection; the answer is whether it was there.</summary>
    public const string End = "end";

    /// <summary>Nothing belongs to it; the answer comes when the worker goes by what is set of servers now.</summary>
    public const string Follow = "follow";
}
