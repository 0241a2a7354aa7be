namespace NativeProxy.Upstreams.Health;

/// <summary>How a check ended.</summary>
internal enum CheckOutcome : byte
{
    /// <summary>The server accepted the connection, which was all that was asked.</summary>
    Connected,

    /// <summary>A response came; its status decides.</summary>
    Answered,

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
    /// <summary>2xx and 3xx count as healthy (HAProxy's option httpchk).</summary>
    public bool Passed => Outcome == CheckOutcome.Connected || (Outcome == CheckOutcome.Answered && StatusCode is >= 200 and < 400);

    /// <summary>For the log.</summary>
    public string Text => Outcome switch
    {
        CheckOutcome.Connected => "it accepts connections",
        CheckOutcome.Answered => $"it answers with status {StatusCode}",
        CheckOutcome.ConnectionRefused => "it refuses connections",
        CheckOutcome.ConnectTimeout => "it does not accept a connection in time",
        CheckOutcome.ResponseTimeout => "it does not answer in time",
        CheckOutcome.ClosedWithoutResponse => "it closes the connection without an answer",
        CheckOutcome.BadResponse => "its answer is no valid HTTP response",
        _ => "it cannot be reached",
    };
}
