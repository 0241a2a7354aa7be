using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>A client of an example that speaks TLS and believes one authority. Immutable.</summary>
/// <param name="scene">The example, which runs.</param>
/// <param name="authority">Whom it believes.</param>
internal sealed class SecureVisitor(ExampleScene scene, ExampleAuthority authority)
{
    /// <summary>What it shows of itself; null = nothing.</summary>
    public X509Certificate2? Own { get; init; }

    /// <summary>What it sends before the handshake.</summary>
    public string Announcement { get; init; } = "";

    /// <summary>The client's address in the example; null = 127.0.0.1, a stranger.</summary>
    public string? From { get; init; }

    /// <summary>Ciphers of TLS 1.2 that it knows; null = all, of 1.3 too.</summary>
    public CipherSuitesPolicy? Ciphers { get; init; }

    /// <summary>Application protocols that it offers; null = it says nothing of any.</summary>
    public string[]? Protocols { get; init; }

    /// <summary>One GET on a connection of its own. Null when its handshake failed, or it was closed without a word.</summary>
    /// <param name="name">Of the server, which its certificate must have; Host of the request unless that says otherwise.</param>
    /// <param name="target">What is asked for.</param>
    /// <param name="host">Host of the request.</param>
    /// <param name="port">That a listener of the example has.</param>
    public async Task<SecureAnswer?> Get(string name, string target = "/", string? host = null, int port = 443)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (From is not null)
            socket.Bind(new IPEndPoint(ExampleText.AddressOf(From), 0));
        await Deadline.For(socket.ConnectAsync(IPAddress.Loopback, scene.Text.PortOf(port)), () => $"a connection to port {port}");
        await using var plain = new NetworkStream(socket);
        await plain.WriteAsync(Encoding.ASCII.GetBytes(Announcement));
        await using var tls = new SslStream(plain);
        try
        {
            await Deadline.For(tls.AuthenticateAsClientAsync(OptionsFor(name)), () => "the handshake as " + name);
            await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {host ?? name}\r\nConnection: close\r\n\r\n"));
            using var reader = new StreamReader(tls, Encoding.Latin1);
            char[] room = new char[64 * 1024];
            int count = 0;
            while (!IsWhole(room.AsSpan(0, count)))
            {
                int more = await Deadline.For(reader.ReadAsync(room.AsMemory(count)).AsTask(), () => "an answer for " + name);
                if (more == 0)
                    return null;
                count += more;
            }
            return new SecureAnswer(new string(room, 0, count), tls.RemoteCertificate!.GetKeyAlgorithm());
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return null;
        }
    }

    private SslClientAuthenticationOptions OptionsFor(string name)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority.Certificate);
        return new SslClientAuthenticationOptions
        {
            TargetHost = name,
            CertificateChainPolicy = policy,
            ClientCertificateContext = Own is null ? null : SslStreamCertificateContext.Create(Own, null, offline: true),
            CipherSuitesPolicy = Ciphers,
            ApplicationProtocols = Protocols is null ? null : [.. Protocols.Select(static one => new SslApplicationProtocol(one))],
        };
    }

    private static bool IsWhole(ReadOnlySpan<char> answer)
    {
        int end = answer.IndexOf("\r\n\r\n");
        if (end < 0)
            return false;
        string? length = HttpResponse.FieldOf(answer[..(end + 4)].ToString(), "Content-Length");
        return length is not null && answer.Length >= end + 4 + int.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
    }
}

/// <summary>What came.</summary>
/// <param name="Text">Head and body.</param>
/// <param name="KeyKind">Object identifier of the kind of key that the server's certificate has.</param>
internal sealed record SecureAnswer(string Text, string KeyKind)
{
    public int Status => int.Parse(Text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);

    public string Body => Text[(Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
}
