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

    private readonly EndPoint _endPoint = endPoint;
    private readonly HealthQuestion _question = question;

    public override bool IsSameAs(HealthCheck other) =>
        other is ConnectionCheck check && check._endPoint.Equals(_endPoint) && check._question.Equals(_question)
        && check.ProxyHeader.AsSpan().SequenceEqual(ProxyHeader);

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
            if (!await _question.AskAsync(pipe, report, over))
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
}
