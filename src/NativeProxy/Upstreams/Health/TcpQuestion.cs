using System;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>Whether a server accepts a connection and, where a text is expected, whether it says that (HAProxy's tcp-check). Immutable.</summary>
/// <param name="Send">What it is sent first; empty = nothing.</param>
/// <param name="Expect">What it has to say; empty = the connection is enough.</param>
internal sealed record TcpQuestion(string Send, string Expect) : HealthQuestion
{
    /// <inheritdoc/>
    public override async Task<bool> AskAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        bool isSent = await TrySendAsync(pipe, over);
        CheckResult result = Expect.Length == 0 ? new CheckResult(CheckOutcome.Connected)
            : isSent ? await ReadAsync(pipe, Judge, over)
            : WithoutAnswer(over);
        report(result);
        return result.Outcome != CheckOutcome.ResponseTimeout && await EndAsync(pipe, over);
    }

    private CheckResult? Judge(byte[] seen, bool isAll) =>
        seen.AsSpan().IndexOf(Encoding.Latin1.GetBytes(Expect)) >= 0 ? new CheckResult(CheckOutcome.Said)
        : isAll && seen.Length > 0 ? new CheckResult(CheckOutcome.WrongWords)
        : null;

    private async Task<bool> TrySendAsync(SocketPipe pipe, CancellationToken over)
    {
        try
        {
            await SendAsync(pipe, Send, over);
            return true;
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return false;
        }
    }

    /// <summary>A server that does not close in turn has had its FIN all the same, and nothing of it is unread.</summary>
    private static async Task<bool> EndAsync(SocketPipe pipe, CancellationToken over)
    {
        await pipe.FinishAsync(RestBytesMax, over);
        return true;
    }
}
