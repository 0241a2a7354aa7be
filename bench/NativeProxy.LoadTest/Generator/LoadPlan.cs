using System.Net;
using NativeProxy.LoadTest.Origin;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Generator;

/// <summary>What load to make, in one immutable place.</summary>
internal sealed record LoadPlan
{
    public required IPEndPoint Target { get; init; }

    /// <summary>Path of every request; our own origin understands <see cref="OriginPath"/>.</summary>
    public string Path { get; init; } = "/s/64";

    public string Method { get; init; } = "GET";

    /// <summary>Value of the Host field; empty = the target.</summary>
    public string Host { get; init; } = "";

    public int Connections { get; init; } = 64;

    public int Threads { get; init; } = 1;

    /// <summary>Requests per second over all connections (open loop); 0 = each connection sends when its answer is complete (closed loop).</summary>
    public double RatePerSecond { get; init; }

    /// <summary>Requests sent together on one connection before their answers are awaited.</summary>
    public int Pipeline { get; init; } = 1;

    /// <summary>Each request on a connection of its own, which the server closes.</summary>
    public bool IsConnectionPerRequest { get; init; }

    /// <summary>Each connection sends one request and then stays open and idle.</summary>
    public bool IsHerd { get; init; }

    /// <summary>Each connection sends one request and nothing more; the run ends with the last answer.</summary>
    public bool IsBurst { get; init; }

    public long BodyBytes { get; init; }

    /// <summary>0 = with Content-Length.</summary>
    public int BodyChunkBytes { get; init; }

    /// <summary>How fast a connection reads; 0 = as fast as it can.</summary>
    public int ReadBytesPerSecond { get; init; }

    /// <summary>How fast a connection writes; 0 = as fast as it can.</summary>
    public int WriteBytesPerSecond { get; init; }

    /// <summary>No run makes more: the ids of one connection's requests have 32 bits.</summary>
    public const long RequestsCeiling = uint.MaxValue;

    /// <summary>Requests in all; 0 = as many as the time allows, <see cref="RequestsCeiling"/> at most.</summary>
    public long RequestsMax { get; init; }

    /// <summary>Longest wait for a usable connection, and for a complete answer on it; beyond it the run has failed.</summary>
    public int AnswerMsMax { get; init; } = 20_000;

    /// <summary>The server is not our origin: no id comes back, and every answer must equal the first one of its thread.</summary>
    public bool IsForeign { get; init; }

    public TlsUse Tls { get; init; }

    public bool IsTls => Tls != TlsUse.Off;

    public bool HasBody => BodyBytes > 0 || BodyChunkBytes > 0;

    public bool IsPaced => ReadBytesPerSecond > 0 || WriteBytesPerSecond > 0;

    /// <summary>Why this plan cannot be carried out, or null.</summary>
    public string? Refusal()
    {
        if (Connections < 1 || Threads < 1 || Threads > Connections)
            return "connections must be at least 1, and threads from 1 to the number of connections";
        if (Pipeline is < 1 or > 1024)
            return "the pipelining depth must be from 1 to 1024";
        if (Pipeline > 1 && (HasBody || IsConnectionPerRequest || IsPaced || IsHerd))
            return "pipelining is for requests without a body on fast kept connections";
        if (RatePerSecond > 0 && (IsConnectionPerRequest || Pipeline > 1 || IsHerd))
            return "a constant rate is for kept connections with one request at a time";
        if (IsTls && WriteBytesPerSecond > 0)
            return "a slow writer does not speak TLS: a record goes whole";
        if (Tls == TlsUse.Resumed && !IsConnectionPerRequest)
            return "sessions are resumed where each request has a connection of its own";
        if (IsTls && OpenSsl.Refusal is { } refusal)
            return refusal;
        if (RequestsMax > RequestsCeiling)
            return $"a run makes {RequestsCeiling} requests at most";
        if (BodyBytes > 64 << 20 && WriteBytesPerSecond > 0)
            return "a slow writer's body may have 64 MiB at most";
        return null;
    }
}
