using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Threading;

namespace NativeProxy.LoadTest.Compare;

/// <summary>A started origin or contender that answers. Owns its process; the folder stays for a look at its files.</summary>
internal sealed class RunningServer : IDisposable
{
    private const int ReadyMsMax = 10_000;

    private static readonly string[] Complaints = ["fatal", "error", "alert", "emerg", "cannot"];

    private readonly ChildProcess _process;

    private RunningServer(ChildProcess process, IPEndPoint endPoint)
    {
        _process = process;
        EndPoint = endPoint;
    }

    public IPEndPoint EndPoint { get; }

    public int ProcessId => _process.Id;

    /// <summary>
    /// Starts and waits until a request is answered. Throws <see cref="CannotRunException"/> with the program's output when that fails.
    /// </summary>
    public static RunningServer Start(
        IReadOnlyList<string> command, IPEndPoint endPoint, string outputPath, int[] processors, int[] own, bool isTls = false)
    {
        var server = new RunningServer(ChildProcess.Start(command, outputPath, processors, own), endPoint);
        long endMs = Environment.TickCount64 + ReadyMsMax;
        while (!IsAnswering(endPoint, isTls))
        {
            if (server._process.HasEnded || Environment.TickCount64 > endMs)
            {
                server.Dispose();
                throw new CannotRunException($"{Path.GetFileName(command[0])} does not answer: {Tail(outputPath)} (its files: "
                    + $"{Path.GetDirectoryName(outputPath)})");
            }
            Thread.Sleep(20);
        }
        return server;
    }

    /// <summary>Starts our own origin.</summary>
    public static RunningServer Origin(IPEndPoint endPoint, string outputPath, RunSettings settings) => Start(
        [.. OwnProgram.Command, "origin", "--listen", endPoint.ToString()], endPoint, outputPath, settings.OriginProcessors, settings.LoadProcessors);

    /// <summary>A port on the loopback address that nobody uses now.</summary>
    public static IPEndPoint FreeEndPoint()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Connections that the origin has accepted so far; -1 when it does not answer.</summary>
    public long OriginConnections() => OriginCounter("connections");

    /// <summary>The most requests that the origin had at work at once; -1 when it does not answer.</summary>
    public long OriginAtOnceMax() => OriginCounter("delayedMax");

    public void Dispose() => _process.Dispose();

    /// <summary>Whether one request comes back answered from the origin.</summary>
    public static bool IsAnswering(IPEndPoint endPoint, bool isTls = false) => Ask(endPoint, "/s/2", "200", out _, isTls);

    /// <summary>One request on a connection of its own; false when the answer has another status or none comes.</summary>
    public static bool Ask(IPEndPoint endPoint, string path, string status, out string answer, bool isTls = false)
    {
        answer = "";
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 1000 };
        try
        {
            socket.Connect(endPoint);
            using Stream stream = StreamOf(socket, isTls);
            stream.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {endPoint}\r\nConnection: close\r\n\r\n"));
            byte[] buffer = new byte[4096];
            for (int count; (count = stream.Read(buffer)) > 0;)
                answer += Encoding.ASCII.GetString(buffer, 0, count);
        }
        catch (Exception failure) when (failure is SocketException or IOException or AuthenticationException)
        {
        }
        return answer.StartsWith("HTTP/1.1 " + status, StringComparison.Ordinal);
    }

    /// <summary>Whose certificate it is does not matter here: the server was just started.</summary>
    private static Stream StreamOf(Socket socket, bool isTls)
    {
        var plain = new NetworkStream(socket);
        if (!isTls)
            return plain;
        var secure = new SslStream(plain, leaveInnerStreamOpen: false, (_, _, _, _) => true);
        secure.AuthenticateAsClient("localhost");
        return secure;
    }

    private long OriginCounter(string name)
    {
        if (!Ask(EndPoint, "/control", "200", out string answer))
            return -1;
        string key = $"\"{name}\":";
        string rest = answer[(answer.IndexOf(key, StringComparison.Ordinal) + key.Length)..];
        return long.Parse(rest[..rest.AsSpan().IndexOfAny(',', '}')], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>What a program said last, its complaints first.</summary>
    private static string Tail(string path)
    {
        string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        string[] complaints = [.. lines.Where(line => Complaints.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase)))];
        return lines.Length == 0 ? "no output" : string.Join(" | ", (complaints.Length > 0 ? complaints : lines).TakeLast(3));
    }
}

/// <summary>Something cannot be run here; the message says what and why.</summary>
internal sealed class CannotRunException(string message) : Exception(message);
