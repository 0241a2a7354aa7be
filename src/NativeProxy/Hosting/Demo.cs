using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Workers;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting;

/// <summary>
/// <c>nativeproxy demo</c>: two built-in origin servers and the proxy in front of them, in one process, with a configuration file that
/// the user can read and change. The proxy itself runs exactly as with <c>run</c>.
/// </summary>
internal static class Demo
{
    private const int OriginConnectionsMax = 1000;

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    /// <param name="port">Of the proxy on 127.0.0.1; the next three are taken, too.</param>
    /// <param name="hasTls">Clients speak TLS.</param>
    public static int Run(int port, bool hasTls)
    {
        var errors = new List<string>();
        if (hasTls && !OpenSslLibrary.TryLoad(out string missing))
            return StartFailure.Report(ErrorLog.Stderr, [missing]);
        List<Socket> sockets = OpenOrigins(port, errors);
        if (errors.Count > 0)
            return StartFailure.Report(ErrorLog.Stderr, errors);
        using SmallHttpServer a = SmallHttpServer.Start(sockets[0], new Origin("a"), OriginConnectionsMax, TimeProvider.System);
        using SmallHttpServer b = SmallHttpServer.Start(sockets[1], new Origin("b"), OriginConnectionsMax, TimeProvider.System);
        string path = Path.Combine(Path.GetTempPath(), "nativeproxy-demo.toml");
        using DemoCertificate? certificate = hasTls ? DemoCertificate.Make() : null;
        File.WriteAllText(path, ConfigText(port, certificate));
        Console.Out.WriteLine(Greeting(port, path, certificate));
        return ProxyHost.Run(path, singleProcess: true, TrafficSecurity.None);
    }

    private static List<Socket> OpenOrigins(int port, List<string> errors)
    {
        var sockets = new List<Socket>();
        for (int i = 0; i < 2; i++)
        {
            if (ListeningSockets.OpenOne($"127.0.0.1:{port + 1 + i}", $"demo origin {(char)('a' + i)}", errors) is { } socket)
                sockets.Add(socket);
        }
        return sockets;
    }

    private static string ConfigText(int port, DemoCertificate? certificate) => $$"""
        # The configuration of `nativeproxy demo`. Copy it, change it, and run it with `nativeproxy run -c FILE`.
        [runtime]
        workers = 1

        [admin]
        bind = "127.0.0.1:{{port + 3}}"

        [log]
        access = "stdout"

        [[listener]]
        name = "web"
        bind = ["127.0.0.1:{{port}}"]
        upstream = "app"
          [listener.keepalive]
          timeout = "75s"
        {{TlsText(certificate)}}
        [[upstream]]
        name = "app"
        balance = "round_robin"
          [upstream.keepalive]
          idle_timeout = "30s"
          [[upstream.server]]
          name = "a"
          address = "127.0.0.1:{{port + 1}}"
          [[upstream.server]]
          name = "b"
          address = "127.0.0.1:{{port + 2}}"

        """;

    private static string TlsText(DemoCertificate? certificate) => certificate is null ? "" : $"""
          [listener.tls]
          enabled = true
            [[listener.tls.certificate]]
            file = "{certificate.Path}"
            key = "{certificate.KeyPath}"      # in memory; yours is a file

        """;

    private static string Greeting(int port, string path, DemoCertificate? certificate)
    {
        string url = certificate is null ? $"http://127.0.0.1:{port}" : $"https://localhost:{port}";
        string trust = certificate is null ? "" : $"--cacert {certificate.Path} ";
        return Greeting(port, path, url, trust);
    }

    private static string Greeting(int port, string path, string url, string trust) => $"""
        NativeProxy demo: {url} in front of two built-in origins on {port + 1} and {port + 2}.
        The configuration in use lies in {path}

        Try:
          curl -i {trust}{url}/hello
          curl -s {trust}{url}/one {url}/two {url}/three
          curl -s http://127.0.0.1:{port + 3}/metrics | grep nativeproxy_requests
          curl -s http://127.0.0.1:{port + 3}/closes

        Each request leaves a line below; cc= is the client connection / request number on it / age in ms,
        sc= the server connection / use number / idle ms / new or reused; rt= why it was retried, rs= why the client's connection closed,
        why= by which rule a message was refused.
        Stop with Ctrl-C.

        """;

    /// <summary>Answers each request with its own name and the target.</summary>
    private sealed class Origin(string name) : IResponder
    {
        public SmallResponse Respond(in SmallRequest request) => new(
            200, "text/plain",
            Encoding.ASCII.GetBytes(
                $"origin {name} got {request.Method.ToString().ToUpperInvariant()} {Encoding.ASCII.GetString(request.Target)}\n"));

        public bool IsProbe(ReadOnlySpan<byte> target) => false;
    }
}
