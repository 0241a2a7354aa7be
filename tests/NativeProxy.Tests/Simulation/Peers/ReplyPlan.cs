namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>What a server does when its answer, or a part of it, is written.</summary>
internal enum ReplyEnd : byte
{
    /// <summary>Waits for the next request.</summary>
    Keep,
    Fin,
    Reset,

    /// <summary>Does nothing more, for a long time.</summary>
    Hang,
}

/// <summary>One answer of a server, as the client may expect it.</summary>
internal sealed class ReplyPlan
{
    /// <summary>Unique number of the answer; X-Id says request and serial.</summary>
    public required long Serial { get; init; }

    public required long RequestId { get; init; }

    /// <summary>Connection of the server that gives it.</summary>
    public required long SocketId { get; init; }

    public required int Status { get; init; }

    /// <summary>Bytes of the whole body; 0 for an answer without one.</summary>
    public required int BodyBytes { get; init; }

    public required string Pad { get; init; }

    public required string? Trailer { get; init; }

    /// <summary>Everything up to where the server stops.</summary>
    public required byte[] Bytes { get; init; }

    public required ReplyEnd End { get; init; }

    public required Pace Pace { get; init; }

    /// <summary>Sent before the request was read.</summary>
    public required bool IsEarly { get; init; }

    /// <summary>The server says or does something that forbids the client to see a complete answer.</summary>
    public required bool IsFaulty { get; init; }

    /// <summary>Bytes that nobody asked for follow.</summary>
    public required bool HasSurplus { get; init; }

    /// <summary>The server has come to it.</summary>
    public bool IsReady { get; set; }

    /// <summary>Key of its body; differs from that of every request's.</summary>
    public long BodyKey => Serial | (1L << 40);
}
