using System;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// Nothing more than the handshake, which has been made when this is asked: a tls check of a server with which the traffic speaks TLS.
/// </summary>
internal sealed record HandshakeQuestion : HealthQuestion
{
    /// <inheritdoc/>
    public override async Task<bool> AskAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        report(new CheckResult(CheckOutcome.Greeted));
        await pipe.FinishAsync(RestBytesMax, over);
        return true;
    }
}
