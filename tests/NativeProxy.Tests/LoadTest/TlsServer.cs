using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using NativeProxy.LoadTest.Compare;

namespace NativeProxy.Tests.LoadTest;

/// <summary>
/// Speaks TLS with clients and passes the bytes on to another server and back, until it is disposed. Shows the certificate that contenders get.
/// </summary>
internal sealed class TlsServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _behind;
    private readonly SslServerAuthenticationOptions _options;

    /// <param name="behind">Where the bytes go.</param>
    /// <param name="mayResume">Whether clients get a session that they can resume.</param>
    /// <param name="protocols">What it speaks.</param>
    public TlsServer(IPEndPoint behind, bool mayResume = true, SslProtocols protocols = SslProtocols.Tls13)
    {
        _behind = behind;
        _options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(Certificate(), additionalCertificates: null, offline: true),
            EnabledSslProtocols = protocols,
            AllowTlsResume = mayResume,
        };
        _listener.Start(backlog: 512);
        _ = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public void Dispose() => _listener.Dispose();

    /// <summary>As it stands in the file of a contender.</summary>
    public static X509Certificate2 Certificate()
    {
        string path = Path.GetTempFileName();
        OwnCertificate.Write(path);
        using X509Certificate2 read = X509Certificate2.CreateFromPemFile(path);
        File.Delete(path);
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), password: null);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient accepted = client, server = new();
        try
        {
            await using var secure = new SslStream(accepted.GetStream());
            await secure.AuthenticateAsServerAsync(_options);
            await server.ConnectAsync(_behind);
            Task up = secure.CopyToAsync(server.GetStream());
            await Task.WhenAny(up, server.GetStream().CopyToAsync(secure));
            if (!up.IsCompleted)
                await secure.ShutdownAsync();
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException or CryptographicException)
        {
        }
    }
}
