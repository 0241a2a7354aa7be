using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>A server of an example that speaks TLS, asks for a certificate, and answers each request with its address in the example.</summary>
internal sealed class SecureServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly string _name;
    private readonly X509Certificate2 _certificate;
    private readonly Task _serving;
    private readonly ConcurrentQueue<string> _asked = new();

    /// <param name="name">The address in the example.</param>
    /// <param name="text">The example.</param>
    /// <param name="certificate">What it shows, with its key.</param>
    public SecureServer(string name, ExampleText text, X509Certificate2 certificate)
    {
        (_name, _certificate) = (name, certificate);
        _listener = new TcpListener(text.EndPointOf(name));
        _listener.Start();
        _serving = Serve();
    }

    /// <summary>For each request the name that was asked for in the handshake, and the subject of the certificate that came.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task Serve()
    {
        try
        {
            while (true)
                _ = Answer(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has stopped.
        }
    }

    private async Task Answer(TcpClient client)
    {
        using TcpClient owned = client;
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = _certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
            using var reader = new StreamReader(tls, Encoding.Latin1);
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length > 0)
                    continue;
                _asked.Enqueue($"{tls.TargetHostName} {tls.RemoteCertificate?.Subject}");
                await tls.WriteAsync(Encoding.ASCII.GetBytes(ExampleServer.Response(_name)));
            }
        }
        catch (Exception e) when (e is AuthenticationException or IOException or ObjectDisposedException)
        {
            // Who asked is gone, or does not believe it.
        }
    }
}
