using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.EndToEnd.Input;

/// <summary>
/// Mutated requests from many clients meet mutated responses of a server. Nothing may crash, hang or stay behind. Short by default;
/// NATIVEPROXY_FUZZ_ROUNDS sets the number of requests, NATIVEPROXY_FUZZ_SEED repeats a run.
/// </summary>
[Trait("layer", "no")] // its clients and servers are bare sockets of its own
public class FuzzedTrafficTests(ITestOutputHelper output)
{
    private const int ClientCount = 8;

    private static readonly string[] Requests =
    [
        "GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=\"y\"\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        "HEAD /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /e HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "PUT /f HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        "GET http://h/g?q HTTP/1.1\r\nHost: z\r\nTE: trailers\r\nConnection: te, close\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
    ];

    private static readonly string[] Responses =
    [
        OriginConnection.Ok,
        OriginConnection.Ok,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nbytes",
        "garbage\r\n\r\n",
    ];

    private static readonly string[] Splices =
    [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n",
        "\u00ff", "HTTP/1.1", "Host: b\r\n", "Connection: close\r\n",
    ];

    [Fact]
    public async Task MutatedRequestsAndResponses_LeaveNothingBehind()
    {
        int rounds = Number("NATIVEPROXY_FUZZ_ROUNDS") ?? 2000;
        int seed = Number("NATIVEPROXY_FUZZ_SEED") ?? Environment.TickCount & 0x7fffffff;
        output.WriteLine($"seed {seed}, {rounds} requests");
        await using var origin = new FuzzedOrigin(seed);
        ProxyConfig config = ProxyConfig.For($"127.0.0.1:{origin.Port}")
            .Listener("upgrade = [\"websocket\"]", "keepalive.timeout = \"1s\"", "timeouts.request_header = \"1s\"", "timeouts.request_body = \"1s\"",
                "timeouts.tunnel = \"1s\"")
            .Upstream("timeouts.response = \"1s\"", "keepalive.idle_timeout = \"1s\"")
            .Log("access = \"off\"");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(config);

        await Task.WhenAll(Enumerable.Range(0, ClientCount)
            .Select(client => Task.Run(() => Attack(proxy.Port(), rounds / ClientCount, new Random(seed + client)))));

        await proxy.WaitUntilIdle();
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        await proxy.WaitForMetric("nativeproxy_buffer_blocks_lent", 0);
        origin.IsWellBehaved = true;

        // The server has one second: on a busy machine it may need a second question.
        await Deadline.Until(async () => (await proxy.AskOnce("/alive")).Status == 200, () => "a well-behaved server to be answered for");
    }

    private static void Attack(int port, int rounds, Random dice)
    {
        for (int round = 0; round < rounds;)
        {
            var bytes = new List<byte>();
            for (int burst = dice.Next(1, 4); burst > 0; burst--, round++)
                bytes.AddRange(Mutate(Requests[dice.Next(Requests.Length)], dice));
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20 };
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                SendInTwo(socket, [.. bytes], dice);
                End(socket, dice.Next(4));
            }
            catch (SocketException)
            {
                // The proxy may cut the connection at any moment; whether it was right to is what the other tests tell.
            }
        }
    }

    private static void SendInTwo(Socket socket, byte[] bytes, Random dice)
    {
        int cut = dice.Next(bytes.Length + 1);
        socket.Send(bytes.AsSpan(0, cut));
        socket.Send(bytes.AsSpan(cut));
    }

    private static void End(Socket socket, int way)
    {
        if (way == 0)
            socket.Shutdown(SocketShutdown.Send);
        byte[] answer = new byte[4096];
        while (way != 3 && socket.Receive(answer) > 0)
        {
        }
        if (way == 1)
            socket.LingerState = new LingerOption(true, 0);
    }

    private static byte[] Mutate(string text, Random dice)
    {
        List<byte> bytes = [.. Encoding.Latin1.GetBytes(text)];
        for (int count = dice.Next(4); count > 0 && bytes.Count > 0; count--)
        {
            int at = dice.Next(bytes.Count);
            switch (dice.Next(4))
            {
                case 0:
                    bytes[at] = (byte)dice.Next(256);
                    break;
                case 1:
                    bytes.InsertRange(at, Encoding.Latin1.GetBytes(Splices[dice.Next(Splices.Length)]));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(dice.Next(1, 8), bytes.Count - at));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(dice.Next(1, 20), bytes.Count - at)));
                    break;
            }
        }
        return [.. bytes];
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>A server that answers each head with a mutated response, in pieces, and closes or resets now and then.</summary>
    private sealed class FuzzedOrigin : IAsyncDisposable
    {
        private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly int _seed;
        private volatile bool _isWellBehaved;
        private int _count;

        public FuzzedOrigin(int seed)
        {
            _seed = seed;
            _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listening.Listen(512);
            Port = ((IPEndPoint)_listening.LocalEndPoint!).Port;
            new Thread(Accept) { IsBackground = true }.Start();
        }

        public int Port { get; }

        public bool IsWellBehaved
        {
            get => _isWellBehaved;
            set => _isWellBehaved = value;
        }

        public ValueTask DisposeAsync()
        {
            _listening.Dispose();
            return ValueTask.CompletedTask;
        }

        private void Accept()
        {
            try
            {
                while (true)
                {
                    Socket socket = _listening.Accept();
                    new Thread(() => Serve(socket, new Random(_seed ^ Interlocked.Increment(ref _count)))) { IsBackground = true }.Start();
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Disposed, while waiting or between two connections.
            }
        }

        private void Serve(Socket socket, Random dice)
        {
            var received = new StringBuilder();
            byte[] buffer = new byte[16 * 1024];
            using (socket)
            {
                try
                {
                    while (socket.Receive(buffer) is > 0 and int count)
                    {
                        received.Append(Encoding.Latin1.GetString(buffer, 0, count));
                        while (received.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and int end)
                        {
                            received.Remove(0, end + 4);
                            if (!Answer(socket, dice))
                                return;
                        }
                    }
                }
                catch (SocketException)
                {
                    // The proxy cut the connection.
                }
            }
        }

        /// <summary>False when the connection ends here.</summary>
        private bool Answer(Socket socket, Random dice)
        {
            if (_isWellBehaved)
            {
                socket.Send(Encoding.Latin1.GetBytes(OriginConnection.Ok));
                return true;
            }
            string response = Responses[dice.Next(Responses.Length)];
            SendInTwo(socket, dice.Next(3) == 0 ? Mutate(response, dice) : Encoding.Latin1.GetBytes(response), dice);
            if (dice.Next(12) == 0)
                socket.LingerState = new LingerOption(true, 0);
            return dice.Next(8) != 0;
        }
    }
}
