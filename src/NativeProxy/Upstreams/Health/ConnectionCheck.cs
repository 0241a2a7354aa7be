using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// Checks a server over a connection of its own, which is never pooled, by a question. The connection ends in order: the answer is read to its end,
/// then FIN, then the server's FIN is awaited. Only what is cut short ends by RST. Immutable; runs on the thread pool.
/// </summary>
/// <param name="endPoint">Where to ask.</param>
/// <param name="question">What to ask.</param>
internal sealed class ConnectionCheck(EndPoint endPoint, HealthQuestion question) : HealthCheck
{
    /// <summary>What the server expects before the question, as on every connection; empty = nothing.</summary>
    public byte[] ProxyHeader { get; init; } = [];

    /// <summary>How TLS is spoken with it; null = it is not.</summary>
    public HealthTls? Tls { get; init; }

    private readonly EndPoint _endPoint = endPoint;
    private readonly HealthQuestion _question = question;

    public override bool IsSameAs(HealthCheck other) =>
        other is ConnectionCheck check && check._endPoint.Equals(_endPoint) && check._question.Equals(_question)
        && check.ProxyHeader.AsSpan().SequenceEqual(ProxyHeader) && Equals(check.Tls, Tls);

    public override async Task RunAsync(Action<CheckResult> report, CancellationToken over)
    {
        SocketPipe pipe;
        try
        {
            pipe = await SocketPipe.ConnectAsync(_endPoint, over);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            report(new CheckResult(e switch
            {
                OperationCanceledException => CheckOutcome.ConnectTimeout,
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => CheckOutcome.ConnectionRefused,
                _ => CheckOutcome.ServerUnreachable,
            }));
            return;
        }
        using (pipe)
        {
            await AnnounceAsync(pipe, over);
            bool isInOrder = Tls is null ? await _question.AskAsync(pipe, report, over) : await AskSecurelyAsync(Tls, pipe, report, over);
            if (!isInOrder)
                pipe.Reset();
        }
    }

    /// <summary>A server that takes none of it has closed: the question then shows that, too.</summary>
    private async Task AnnounceAsync(SocketPipe pipe, CancellationToken over)
    {
        try
        {
            if (ProxyHeader.Length > 0)
                await pipe.Output.WriteAsync(ProxyHeader, over);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            // Asked all the same.
        }
    }

    /// <summary>
    /// Asks inside TLS. A server may refuse the proxy's certificate after the proxy's part of the handshake is done: so a check that asks for nothing
    /// more waits for the end of the connection, and one that gets no answer looks for the reason.
    /// </summary>
    private async Task<bool> AskSecurelyAsync(HealthTls tls, SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        var judge = new CertificateJudge(tls);
        HandshakeEnd end = await pipe.SecureAsync(tls.OptionsOf(judge, _question is HttpQuestion), over);
        if (end != HandshakeEnd.Done)
        {
            report(FailureOf(end, judge.Problem, pipe.Refusal));
            if (end == HandshakeEnd.GivenUp)
                return false;
            await pipe.FinishAsync(surplusBytesMax: 0, over);
            return true;
        }
        CheckResult? held = null;
        bool isInOrder = await _question.AskAsync(pipe, Take, over);
        if (held is { } result)
            report(pipe.Refusal.Length > 0 ? Refused() : result);
        return isInOrder;

        void Take(CheckResult result)
        {
            if (result.Outcome is CheckOutcome.Connected or CheckOutcome.Greeted)
                held = result;
            else
                report(result.Outcome == CheckOutcome.ClosedWithoutResponse && pipe.Refusal.Length > 0 ? Refused() : result);
        }

        CheckResult Refused() => FailureOf(HandshakeEnd.Refused, "", pipe.Refusal);
    }

    private static CheckResult FailureOf(HandshakeEnd end, string problem, string refusal) => end switch
    {
        HandshakeEnd.GivenUp => new CheckResult(CheckOutcome.HandshakeTimeout),
        HandshakeEnd.NoTls => new CheckResult(CheckOutcome.NoTls),
        _ when problem.Length > 0 => new CheckResult(CheckOutcome.BadCertificate) { Detail = problem },
        HandshakeEnd.Closed => new CheckResult(CheckOutcome.HandshakeClosed),
        _ => new CheckResult(CheckOutcome.HandshakeRefused) { Detail = refusal },
    };
}
