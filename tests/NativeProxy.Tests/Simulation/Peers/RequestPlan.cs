namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>Whether a request is one that must be refused, and where that shows.</summary>
internal enum Hostility : byte
{
    None,

    /// <summary>In its head: no server may hear of it.</summary>
    InHead,

    /// <summary>In its body: a server may see the beginning, and never an end.</summary>
    InBody,
}

/// <summary>One request: what the client sends, and what has been seen of it since.</summary>
internal sealed class RequestPlan
{
    public required long Id { get; init; }

    /// <summary>Number of the client's connection.</summary>
    public required long ClientId { get; init; }

    public required string Method { get; init; }

    public required string Target { get; init; }

    public required int MinorVersion { get; init; }

    public required BodyShape Shape { get; init; }

    public required int BodyBytes { get; init; }

    /// <summary>Value of the field X-Pad.</summary>
    public required string Pad { get; init; }

    /// <summary>A trailer field that passes, or null.</summary>
    public required string? Trailer { get; init; }

    public required Hostility Hostility { get; init; }

    public required bool ExpectsContinue { get; init; }

    /// <summary>The client announces that nothing follows.</summary>
    public required bool SaysClose { get; init; }

    /// <summary>An HTTP/1.0 client that asks for persistence.</summary>
    public required bool SaysKeepAlive { get; init; }

    /// <summary>The whole message as the client sends it.</summary>
    public required byte[] Bytes { get; init; }

    public required int HeadBytes { get; init; }

    public bool IsHead => Method == "HEAD";

    public bool IsSafe => Method is "GET" or "HEAD" or "OPTIONS";

    public bool IsIdempotent => IsSafe || Method is "PUT" or "DELETE";

    /// <summary>Bytes that the client's kernel has taken.</summary>
    public int WrittenBytes { get; set; }

    /// <summary>How often the proxy began to send it to a server, as far as the number could be read.</summary>
    public int Starts { get; set; }

    /// <summary>How often a server has read its head.</summary>
    public int Readings { get; set; }

    /// <summary>How often it was sent whole.</summary>
    public int Ends { get; set; }

    /// <summary>
    /// It travelled on a connection whose server had sent something unasked that could not be seen before: HTTP/1.1 has no means to tell
    /// that from an answer.
    /// </summary>
    public bool IsTainted { get; set; }

    /// <summary>Its final response has been read by the client to the end.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Key of its body.</summary>
    public long BodyKey => Id;

    public override string ToString() => $"request {Id} ({Method}, HTTP/1.{MinorVersion}, {Shape} {BodyBytes}, {Hostility})";
}
