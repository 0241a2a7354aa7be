namespace NativeProxy.Upstreams.Health;

/// <summary>How a check ended. Those that pass come first.</summary>
internal enum CheckOutcome : byte
{
    /// <summary>The server accepted the connection, which was all that was asked.</summary>
    Connected,

    /// <summary>A response came, with a status and a body as expected.</summary>
    Answered,

    /// <summary>It said what was expected.</summary>
    Said,

    /// <summary>It answered a TLS ClientHello.</summary>
    Greeted,

    /// <summary>Its agent says that it is up.</summary>
    AgentUp,

    /// <summary>It is up, but wants no new clients.</summary>
    Leaving,

    /// <summary>Its agent says that it is down, and is believed at once.</summary>
    AgentDown,

    /// <summary>A response with another status than expected.</summary>
    WrongStatus,

    /// <summary>A response without the expected text.</summary>
    WrongBody,

    /// <summary>Something came, and not what was expected.</summary>
    WrongWords,

    /// <summary>What came is no TLS.</summary>
    NoTls,

    /// <summary>Its certificate does not say that it is this server.</summary>
    BadCertificate,

    /// <summary>The TLS handshake failed, or the server did not want the proxy's certificate.</summary>
    HandshakeRefused,

    /// <summary>The connection ended or broke in the TLS handshake.</summary>
    HandshakeClosed,

    /// <summary>No TLS handshake in time.</summary>
    HandshakeTimeout,

    ConnectionRefused,
    ServerUnreachable,

    /// <summary>No connection in time.</summary>
    ConnectTimeout,

    /// <summary>No response in time.</summary>
    ResponseTimeout,

    /// <summary>The connection ended or broke before a response.</summary>
    ClosedWithoutResponse,

    /// <summary>What came was no HTTP response.</summary>
    BadResponse,
}

/// <summary>The result of one check.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="StatusCode">Of the response, 0 without one.</param>
internal readonly record struct CheckResult(CheckOutcome Outcome, int StatusCode = 0)
{
    /// <summary>Percent of its weight that the server wants, 1 to 100; 0 = it has not said so.</summary>
    public int WeightPercent { get; init; }

    /// <summary>What is wrong with a certificate, or why a handshake was refused; empty = nobody knows more.</summary>
    public string Detail { get; init; } = "";

    public bool Passed => Outcome <= CheckOutcome.Leaving;

    /// <summary>The server wants no new clients.</summary>
    public bool IsLeaving => Outcome == CheckOutcome.Leaving;

    /// <summary>
    /// A server that is down does not come up by it: the file that is not there says that it is not wanted yet (as HAProxy's disable-on-404). An
    /// agent that says "drain" means a server that runs.
    /// </summary>
    public bool IsForUpAlone => IsLeaving && StatusCode > 0;

    /// <summary>It decides alone, whatever was counted.</summary>
    public bool IsDecisive => Outcome is CheckOutcome.AgentUp or CheckOutcome.AgentDown;

    /// <summary>For the log.</summary>
    public string Text => Outcome switch
    {
        CheckOutcome.Connected => "it accepts connections",
        CheckOutcome.Answered or CheckOutcome.WrongStatus => $"it answers with status {StatusCode}",
        CheckOutcome.Leaving when StatusCode > 0 => $"it answers with status {StatusCode}",
        CheckOutcome.Leaving => "its agent says so",
        CheckOutcome.Said => "it says what is expected",
        CheckOutcome.Greeted => "it speaks TLS",
        CheckOutcome.AgentUp when WeightPercent is > 0 and < 100 => $"its agent wants {WeightPercent} % of its weight",
        CheckOutcome.AgentUp or CheckOutcome.AgentDown => "its agent says so",
        CheckOutcome.WrongBody => $"it answers with status {StatusCode}, but without the expected text",
        CheckOutcome.WrongWords => "it does not say what is expected",
        CheckOutcome.NoTls => "it does not answer a ClientHello with TLS",
        CheckOutcome.BadCertificate => Detail,
        CheckOutcome.HandshakeRefused when Detail.Length > 0 => $"it refuses the TLS handshake: {Detail}",
        CheckOutcome.HandshakeRefused => "it refuses the TLS handshake",
        CheckOutcome.HandshakeClosed => "it closes the connection in the TLS handshake",
        CheckOutcome.HandshakeTimeout => "it does not finish the TLS handshake in time",
        CheckOutcome.ConnectionRefused => "it refuses connections",
        CheckOutcome.ConnectTimeout => "it does not accept a connection in time",
        CheckOutcome.ResponseTimeout => "it does not answer in time",
        CheckOutcome.ClosedWithoutResponse => "it closes the connection without an answer",
        CheckOutcome.BadResponse => "its answer is no valid HTTP response",
        _ => "it cannot be reached",
    };
}
