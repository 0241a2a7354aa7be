using System;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>What the endurance tests have in common: their scale, a configuration whose traces fade soon, many clients at once, floods.</summary>
internal static class Load
{
    private const int PieceBytes = 16 * 1024;

    /// <summary>NATIVEPROXY_ENDURANCE: multiplies the number of connections and bytes; 1 for everyday, 10 and more for a long run.</summary>
    public static int Scale { get; } = int.Parse(Environment.GetEnvironmentVariable("NATIVEPROXY_ENDURANCE") is { Length: > 0 } scale ? scale : "1",
        CultureInfo.InvariantCulture);

    /// <summary>Far more than any bound of the proxy for what must be refused.</summary>
    public static readonly long RefusedBytesMax = 4L * 1024 * 1024 * Scale;

    /// <summary>More than all kernels and buffers on the way hold, for what must be paused.</summary>
    public static readonly long PausedBytesMax = 64L * 1024 * 1024 * Scale;

    /// <summary>
    /// A listener "web" in front of the server under trial and another, "echo", that answers with the request's target. Idle connections
    /// and lingering ones end soon. Lines for the listener and the upstream under trial go to the two lists.
    /// </summary>
    public static ProxyConfig Config(string server, ScriptedOrigin echo, string[]? listener = null, string[]? upstream = null,
        string idleTimeout = "200ms") =>
        new ProxyConfig()
            .AddUpstream("app", server).Upstream($"keepalive.idle_timeout = \"{idleTimeout}\"").Upstream(upstream ?? [])
            .AddUpstream("echo", echo.Address).Upstream("keepalive.idle_timeout = \"200ms\"")
            .AddListener("web", "app").Listener("timeouts.linger = \"300ms\"").Listener(listener ?? [])
            .AddListener("echo", "echo").Listener("timeouts.linger = \"300ms\"", "keepalive.max_requests = 0")
            .Log("access = \"off\"");

    /// <summary>A server that answers each request with its target.</summary>
    public static ScriptedOrigin Echo() => ScriptedOrigin.Answering(request =>
    {
        string target = request.Split(' ', 3)[1];
        return $"HTTP/1.1 200 OK\r\nContent-Length: {target.Length}\r\n\r\n{target}";
    });

    /// <summary>Runs so many at once and awaits all.</summary>
    public static Task AtOnce(int count, Func<int, Task> one) => Task.WhenAll(Enumerable.Range(0, count).Select(one));

    /// <summary>
    /// Sends the opening and then the same piece again and again. True when the peer cut that, false when it took everything: a lingering
    /// one reads on for a while and throws away what it reads.
    /// </summary>
    public static async Task<bool> Flood(TestSocket socket, string opening, string piece, long bytesMax)
    {
        string block = string.Concat(Enumerable.Repeat(piece, Math.Max(1, PieceBytes / piece.Length)));
        try
        {
            await socket.Send(opening);
            for (long sent = 0; sent < bytesMax; sent += block.Length)
                await socket.Send(block);
        }
        catch (SocketException)
        {
            return true;
        }
        return false;
    }
}
