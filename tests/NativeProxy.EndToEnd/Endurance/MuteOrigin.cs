using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>What came on one connection, and how it ended; null = not yet.</summary>
internal sealed record SeenStream(StringBuilder Bytes, StreamEnd? End)
{
    public string Text => Bytes.ToString();
}

/// <summary>
/// A server that reads everything and never gives a final answer; it closes when the proxy has. Cheap enough for tens of thousands of
/// connections. On request it greets each request head with an interim response, so that clients know it has arrived.
/// </summary>
internal sealed class MuteOrigin : IAsyncDisposable
{
    private static readonly byte[] Greeting = Encoding.ASCII.GetBytes("HTTP/1.1 103 Early Hints\r\nLink: </here>\r\n\r\n");

    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<int, SeenStream> _seen = new();
    private readonly bool _keepsText;
    private readonly bool _greets;
    private readonly Task _accepting;
    private int _openCount;
    private int _connectionCount;

    /// <param name="keepsText">Whether what came is kept.</param>
    /// <param name="greets">Whether the first bytes of a connection are answered with an interim response.</param>
    public MuteOrigin(bool keepsText, bool greets = false)
    {
        _keepsText = keepsText;
        _greets = greets;
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen(4096);
        _accepting = AcceptAll();
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    public string Address => $"127.0.0.1:{Port}";

    public int ConnectionCount => _connectionCount;

    /// <summary>All connections, where texts are kept.</summary>
    public ICollection<SeenStream> Seen => _seen.Values;

    public Task WaitUntilAllEnded() => Deadline.Until(() => _openCount == 0, () => $"the end of {_openCount} connections to the mute origin");

    public async ValueTask DisposeAsync()
    {
        _listening.Dispose();
        await _accepting;
        await WaitUntilAllEnded();
    }

    private async Task AcceptAll()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listening.AcceptAsync();
                Interlocked.Increment(ref _openCount);
                _ = Read(socket, ++_connectionCount);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task Read(Socket socket, int number)
    {
        byte[] block = new byte[2048];
        var text = new StringBuilder();
        StreamEnd end = StreamEnd.Fin;
        try
        {
            for (int count, total = 0; (count = await socket.ReceiveAsync(block)) > 0; total += count)
            {
                if (_keepsText)
                {
                    text.Append(Encoding.Latin1.GetString(block, 0, count));
                    _seen[number] = new SeenStream(text, null);
                }
                if (_greets && total == 0)
                    await socket.SendAsync(Greeting);
            }
        }
        catch (SocketException)
        {
            end = StreamEnd.Reset;
        }
        if (_keepsText)
            _seen[number] = new SeenStream(text, end);
        socket.Dispose();
        Interlocked.Decrement(ref _openCount);
    }
}
