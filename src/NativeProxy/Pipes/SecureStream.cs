using System;
using System.IO;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Pipes;

/// <summary>How a handshake of the control plane came out.</summary>
internal enum HandshakeEnd : byte
{
    /// <summary>TLS is spoken from now on.</summary>
    Done,

    /// <summary>What came is no TLS.</summary>
    NoTls,

    /// <summary>The connection ended or broke before its end.</summary>
    Closed,

    /// <summary>It was given up.</summary>
    GivenUp,

    /// <summary>One of the two did not want it.</summary>
    Refused,
}

/// <summary>
/// One end of TLS over a pair of pipes, which remembers what the peer had against it. Owner: the <see cref="SocketPipe"/>.
/// </summary>
internal sealed class SecureStream : SslStream
{
    private const byte FirstRecord = 20;
    private const byte LastRecord = 23;

    private readonly PipeStream _inner;

    private SecureStream(PipeStream inner) : base(inner, leaveInnerStreamOpen: true) => _inner = inner;

    /// <summary>TLS over these pipes, before its handshake.</summary>
    public static SecureStream Over(IDuplexPipe pipe) => new(new PipeStream(pipe));

    /// <summary>
    /// Why the peer has broken off, or the handshake has failed, in OpenSSL's words, such as "certificate required"; empty while neither has
    /// happened. A server of TLS 1.3 judges the client's certificate after the client's handshake is done: its alert comes instead of an answer.
    /// </summary>
    public string Refusal { get; private set; } = "";

    /// <summary>What was agreed on, such as "TLS 1.3, http/1.1".</summary>
    public string Agreed
    {
        get
        {
            string version = SslProtocol == SslProtocols.Tls13 ? "TLS 1.3" : "TLS 1.2";
            return NegotiatedApplicationProtocol == default ? version : $"{version}, {NegotiatedApplicationProtocol}";
        }
    }

    /// <summary>Makes the handshake as the client. Throws nothing for what a server does.</summary>
    /// <param name="options">How.</param>
    /// <param name="givenUp">When to wait no longer.</param>
    public Task<HandshakeEnd> ShakeHandsAsync(SslClientAuthenticationOptions options, CancellationToken givenUp) =>
        EndOf(() => AuthenticateAsClientAsync(options, givenUp), givenUp);

    /// <summary>The same as the server.</summary>
    public Task<HandshakeEnd> ShakeHandsAsync(SslServerAuthenticationOptions options, CancellationToken givenUp) =>
        EndOf(() => AuthenticateAsServerAsync(options, givenUp), givenUp);

    private async Task<HandshakeEnd> EndOf(Func<Task> handshake, CancellationToken givenUp)
    {
        try
        {
            await handshake();
            return HandshakeEnd.Done;
        }
        catch (Exception e) when (SocketPipe.IsBroken(e) || e is AuthenticationException or CryptographicException)
        {
            if (givenUp.IsCancellationRequested)
                return HandshakeEnd.GivenUp;
            if (_inner.FirstByte is not (-1 or (>= FirstRecord and <= LastRecord)))
                return HandshakeEnd.NoTls;
            Refusal = ReasonOf(e);
            return e is AuthenticationException || Refusal.Length > 0 ? HandshakeEnd.Refused : HandshakeEnd.Closed;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            Refusal = ReasonOf(e);
            throw;
        }
    }

    /// <summary>
    /// The reason in the innermost message: "error:0A000410:SSL routines::sslv3 alert handshake failure", or a quoted name of .NET.
    /// </summary>
    internal static string ReasonOf(Exception e)
    {
        string reason = "";
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            int routine = at.Message.LastIndexOf("::", StringComparison.Ordinal);
            int alert = at.Message.IndexOf("alert: '", StringComparison.Ordinal);
            if (routine >= 0)
                reason = at.Message[(routine + 2)..];
            else if (alert >= 0)
                reason = at.Message[(alert + "alert: '".Length)..].Split('\'')[0];
        }
        int told = reason.IndexOf("alert ", StringComparison.Ordinal);
        return told >= 0 ? reason[(told + "alert ".Length)..] : reason;
    }
}
