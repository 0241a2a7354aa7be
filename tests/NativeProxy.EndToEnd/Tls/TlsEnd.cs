using System.Net.Sockets;
using System.Text;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// What a client or server of a test is: its certificate, whom it believes, what it speaks. Its connections share the keys of tickets. Lives as
/// long as the tests do.
/// </summary>
internal sealed class TlsEnd
{
    private readonly bool _isServer;
    private readonly nint _context;

    private TlsEnd(bool isServer, int min, int max)
    {
        _isServer = isServer;
        _context = LibSsl.NewContext(min, max);
    }

    /// <summary>A client that believes the authority of the tests.</summary>
    public static TlsEnd Client(int min = LibSsl.Tls12, int max = LibSsl.Tls13) => new TlsEnd(isServer: false, min, max).Believing(TestPki.Authority);

    /// <summary>A client that believes another authority.</summary>
    public static TlsEnd Stranger(int min, int max) => new TlsEnd(isServer: false, min, max).Believing(TestPki.OtherAuthority);

    /// <summary>A server with a certificate.</summary>
    public static TlsEnd Server(string certificate, int min = LibSsl.Tls12, int max = LibSsl.Tls13) =>
        new TlsEnd(isServer: true, min, max).Showing(certificate);

    /// <summary>It shows this certificate, whose key is in the same file.</summary>
    public TlsEnd Showing(string path)
    {
        Assert.Equal(1, LibSsl.UseCertificate(_context, LibSsl.Text(path)));
        Assert.Equal(1, LibSsl.UseKey(_context, LibSsl.Text(path), LibSsl.PemFile));
        return this;
    }

    /// <summary>It asks for a certificate of this authority, besides others.</summary>
    public TlsEnd Believing(string path)
    {
        Assert.Equal(1, LibSsl.UseAuthorities(_context, LibSsl.Text(path)));
        LibSsl.SetVerify(_context, LibSsl.VerifyPeer, 0);
        return this;
    }

    /// <summary>It believes everybody.</summary>
    public TlsEnd Blind()
    {
        LibSsl.SetVerify(_context, 0, 0);
        return this;
    }

    /// <summary>It has these ciphers only.</summary>
    /// <param name="ciphers">Of TLS 1.2.</param>
    /// <param name="suites">Of TLS 1.3.</param>
    public TlsEnd With(string ciphers, string suites)
    {
        Assert.Equal(1, LibSsl.SetCiphers(_context, LibSsl.Text(ciphers)));
        Assert.Equal(1, LibSsl.SetSuites(_context, LibSsl.Text(suites)));
        return this;
    }

    /// <summary>It offers this protocol.</summary>
    public TlsEnd Offering(string protocol)
    {
        byte[] list = [(byte)protocol.Length, .. Encoding.ASCII.GetBytes(protocol)];
        Assert.Equal(0, LibSsl.SetProtocols(_context, list, (uint)list.Length));
        return this;
    }

    /// <summary>Secures a connection; the handshake begins at once.</summary>
    /// <param name="socket">Connected.</param>
    public TlsPipe Secure(Socket socket) => Secure(socket, name: null, session: 0);

    /// <summary>The same, when bytes of the wire have been read before.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="received">The bytes, a character each.</param>
    public TlsPipe Secure(Socket socket, string received) => Secure(socket, name: null, session: 0, received);

    /// <summary>The same, as a client.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="name">The name that is asked for and must be in the certificate; null = none.</param>
    /// <param name="session">What is to be resumed; 0 = nothing.</param>
    /// <param name="received">Bytes of the wire that were read before, a character each.</param>
    public TlsPipe Secure(Socket socket, string? name, nint session, string received = "")
    {
        nint ssl = LibSsl.New(_context);
        if (_isServer)
            LibSsl.SetAcceptState(ssl);
        else
            LibSsl.SetConnectState(ssl);
        if (name is not null)
            LibSsl.SetName(ssl, name);
        if (session != 0)
            Assert.Equal(1, LibSsl.SetSession(ssl, session));
        return new TlsPipe(socket, ssl, Encoding.Latin1.GetBytes(received));
    }
}
