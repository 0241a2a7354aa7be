using System;
using NativeProxy.Http;

namespace NativeProxy.Hosting.Probing;

/// <summary>How the server answered a question about its connections.</summary>
internal enum ProbeVerdict : byte
{
    /// <summary>It was not asked: another answer makes the question idle.</summary>
    NotAsked,

    /// <summary>As a persistent connection should.</summary>
    Yes,

    /// <summary>It does not.</summary>
    No,
}

/// <summary>How long a connection without a request under way was kept.</summary>
/// <param name="End">How it went on.</param>
/// <param name="After">When.</param>
internal sealed record IdleTime(IdleEnd End, TimeSpan After);

/// <summary>What is known of a server. Filled by the questions, one after the other; then only read.</summary>
internal sealed class ProbeFacts
{
    /// <summary>Why nothing is known, in a sentence; empty = the rest holds.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Its first answer.</summary>
    public ProbeAnswer First { get; init; } = ProbeAnswer.Missing;

    /// <summary>TLS, as it was agreed; empty without.</summary>
    public string Security { get; init; } = "";

    /// <summary>It chose HTTP/2 when that was offered.</summary>
    public ProbeVerdict SpeaksHttp2 { get; set; }

    /// <summary>Requests that one connection has carried.</summary>
    public int Requests { get; set; }

    /// <summary>It carried all that were tried.</summary>
    public bool TakesMoreRequests { get; set; }

    /// <summary>A connection that was used.</summary>
    public IdleTime? Used { get; set; }

    /// <summary>A connection without any request.</summary>
    public IdleTime? Fresh { get; set; }

    /// <summary>Answers to HEAD, and to a condition that does not hold, have no body, and the connection goes on.</summary>
    public ProbeVerdict Head { get; set; }

    /// <summary>304, as <see cref="Head"/>.</summary>
    public ProbeVerdict NotModified { get; set; }

    /// <summary>Three requests sent at once are answered in their order.</summary>
    public ProbeVerdict Pipelining { get; set; }

    /// <summary>A client that has sent FIN behind its request is answered.</summary>
    public ProbeVerdict HalfClose { get; set; }

    /// <summary>"Expect: 100-continue" is answered with 100 before the body comes.</summary>
    public ProbeVerdict Continue { get; set; }
}
