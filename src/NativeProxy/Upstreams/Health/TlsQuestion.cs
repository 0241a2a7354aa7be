using System;
using System.Buffers.Binary;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// Whether a server answers a ClientHello: by a ServerHello, or by an alert, which only a TLS stack sends (HAProxy's ssl-hello-chk). No handshake is
/// made, so that no certificate matters and the server spends next to nothing. Immutable.
/// </summary>
/// <param name="ServerName">The name in the hello; empty = none.</param>
internal sealed record TlsQuestion(string ServerName) : HealthQuestion
{
    private const byte AlertRecord = 21;
    private const byte HandshakeRecord = 22;
    private const byte ClientHello = 1;
    private const byte ServerHello = 2;
    private const int RecordHeadBytes = 5;

    /// <summary>Ends what was begun in order: warning, close_notify (RFC 5246 7.2.1).</summary>
    private static readonly byte[] CloseNotify = [AlertRecord, 3, 3, 0, 2, 1, 0];

    /// <summary>What any server of TLS 1.2 has; one that wants more says so by an alert.</summary>
    private static readonly byte[] Ciphers =
        [0xC0, 0x2F, 0xC0, 0x2B, 0xC0, 0x30, 0xC0, 0x2C, 0xCC, 0xA8, 0xCC, 0xA9, 0xC0, 0x13, 0x00, 0x9C, 0x00, 0x2F];

    /// <summary>Groups, point formats, signature algorithms, renegotiation info.</summary>
    private static readonly byte[] Extensions =
    [
        0x00, 0x0A, 0x00, 0x08, 0x00, 0x06, 0x00, 0x1D, 0x00, 0x17, 0x00, 0x18, 0x00, 0x0B, 0x00, 0x02, 0x01, 0x00,
        0x00, 0x0D, 0x00, 0x10, 0x00, 0x0E,
        0x04, 0x03, 0x05, 0x03, 0x08, 0x04, 0x08, 0x05, 0x04, 0x01, 0x05, 0x01, 0x02, 0x01, 0xFF, 0x01, 0x00, 0x01, 0x00,
    ];

    /// <inheritdoc/>
    public override async Task<bool> AskAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        CheckResult result;
        try
        {
            await pipe.Output.WriteAsync(MakeHello(ServerName), over);
            result = await ReadAsync(pipe, Judge, over);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            result = WithoutAnswer(over);
        }
        report(result);
        if (result.Outcome == CheckOutcome.ResponseTimeout)
            return false;
        try
        {
            await pipe.Output.WriteAsync(CloseNotify, over);
            await pipe.FinishAsync(RestBytesMax, over);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            // The server was faster.
        }
        return true;
    }

    internal static CheckResult? Judge(byte[] seen, bool isAll)
    {
        if (seen.Length > 1 && (seen[0] is not (AlertRecord or HandshakeRecord) || seen[1] != 3))
            return new CheckResult(CheckOutcome.NoTls);
        if (seen.Length <= RecordHeadBytes)
            return isAll && seen.Length > 0 ? new CheckResult(CheckOutcome.NoTls) : null;
        bool isAnswer = seen[0] == AlertRecord || seen[RecordHeadBytes] == ServerHello;
        return new CheckResult(isAnswer ? CheckOutcome.Greeted : CheckOutcome.NoTls);
    }

    /// <summary>A ClientHello of TLS 1.2 in one record (RFC 5246 7.4.1.2).</summary>
    internal static byte[] MakeHello(string serverName)
    {
        byte[] name = Encoding.ASCII.GetBytes(serverName);
        byte[] nameExtension = name.Length == 0
            ? []
            : [0, 0, .. Two(name.Length + 5), .. Two(name.Length + 3), 0, .. Two(name.Length), .. name];
        byte[] body =
        [
            3, 3, .. SystemRandom.GetBytes(32), 0, .. Two(Ciphers.Length), .. Ciphers, 1, 0,
            .. Two(nameExtension.Length + Extensions.Length), .. nameExtension, .. Extensions,
        ];
        return [HandshakeRecord, 3, 1, .. Two(body.Length + 4), ClientHello, 0, .. Two(body.Length), .. body];
    }

    private static byte[] Two(int number)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)number);
        return bytes;
    }
}
