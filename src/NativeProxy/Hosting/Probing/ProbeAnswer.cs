using NativeProxy.Http;

namespace NativeProxy.Hosting.Probing;

/// <summary>One answer, as far as it says something about its connection. Immutable.</summary>
/// <param name="Status">Of the final answer; 0 = none came whole.</param>
internal sealed record ProbeAnswer(int Status)
{
    /// <summary>None came.</summary>
    public static ProbeAnswer Missing { get; } = new(0);

    /// <summary>It is no HTTP/1, or its end cannot be found.</summary>
    public bool IsMalformed { get; init; }

    public HttpVersion Version { get; init; }

    /// <summary>The server says that it keeps the connection, and has said where the answer ends.</summary>
    public bool KeepsAlive { get; init; }

    /// <summary>Seconds in "Keep-Alive: timeout="; 0 = it says none.</summary>
    public int AnnouncedSeconds { get; init; }

    /// <summary>"100 Continue" came before.</summary>
    public bool HasContinued { get; init; }

    /// <summary>The field ETag, as it came; empty = none.</summary>
    public string EntityTag { get; init; } = "";
}
