using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Pipes;
using NativeProxy.Tests.Transport;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Admin;

/// <summary>
/// Made-up bytes to the small server, in pieces: each request that stands in them is answered in its turn and whole, up to the first that is none,
/// and then the connection ends. No clock moves but by hand, so what waits for nothing would hang. See <see cref="AdminFuzz"/>.
/// </summary>
public sealed class SmallHttpFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int BodyBytesMax = 64;
    private const int BigBytes = 200_000;

    private static readonly string[] Requests =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /later HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET /fails HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello world!",
        "GET /big HTTP/1.1\r\nHost: a\r\n\r\n",
        "PATCH /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\nabc",
        "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "\0",
    ];

    private readonly ConcurrentQueue<string> _unobserved = [];
    private readonly ManualTime _time = new();
    private SmallHttpServer? _server;

    public void Dispose() => _server?.Dispose();

    [Fact]
    public async Task AnyBytes_AreAnsweredInTurn_ThenTheConnectionEnds()
    {
        TaskScheduler.UnobservedTaskException += Note;
        IPEndPoint server = Serve();
        AdminFuzz.Run(output, 15, (random, _) =>
        {
            byte[] bytes = [];
            for (int i = random.Next(1, 7); i > 0; i--)
            {
                byte[] request = Wire.Bytes(random.One(Requests));
                bytes = [.. bytes, .. random.Percent(30) ? AdminFuzz.Mutate(request, random) : request];
            }
            if (random.Percent(30))
                bytes = bytes[..random.Next(bytes.Length + 1)];
            List<Expected> expected = Read(bytes);
            using Socket client = Peers.Connect(server);
            int[] cuts = [0, .. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(bytes.Length + 1)).Order(), bytes.Length];
            for (int i = 1; i < cuts.Length; i++)
                client.SendText(Wire.Text(bytes.AsSpan(cuts[i - 1]..cuts[i])));
            if (random.Percent(50) || expected is not [.., { IsLast: true }])
                client.Shutdown(SocketShutdown.Send);
            try
            {
                Compare(expected, client.ReadToEnd());
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{Wire.Show(bytes)} cut at {string.Join(' ', cuts)}: {string.Join(", ", expected)}", e);
            }
        });
        await EndsWhole();
        TaskScheduler.UnobservedTaskException -= Note;
        Assert.Empty(_unobserved);
    }

    /// <summary>Cut anywhere, and nothing behind it: it is given up when its time is over.</summary>
    [Fact]
    public async Task RequestThatIsCutAnywhere_IsLetGoInTime()
    {
        IPEndPoint server = Serve(placesMax: 50);
        byte[] block = new byte[4096];
        foreach (string request in Requests[..8].Where(static request => !request.Contains("/big", StringComparison.Ordinal)))
        {
            List<Socket> clients = [];
            for (int cut = 0; cut <= request.Length; cut++)
            {
                clients.Add(Peers.Connect(server));
                clients[cut].SendText(request[..cut]);
                clients[cut].Blocking = false;
            }
            await Waiting.Until(() =>
            {
                _time.AdvanceTo(_time.GetTimestamp() + 60_000);
                clients.RemoveAll(HasEnded);
                return clients.Count == 0;
            }, () => $"{clients.Count} to be let go");
        }
        await EndsWhole();

        bool HasEnded(Socket client)
        {
            int count = client.Receive(block, 0, block.Length, SocketFlags.None, out SocketError error);
            bool hasEnded = error != SocketError.WouldBlock && (error != SocketError.Success || count == 0);
            if (hasEnded)
                client.Dispose();
            return hasEnded;
        }
    }

    /// <summary>Whoever sends on and on is not listened to for ever, and what waits for whoever takes no answers is bounded.</summary>
    [Theory]
    [InlineData("", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("", "GET /big HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("", "x")]
    [InlineData("", "\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n")]
    [InlineData("GET /", "/")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n", "body")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n")]
    [InlineData("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "x")]
    public async Task WhoeverSendsOnAndOn_IsCutOff(string beginning, string rest)
    {
        // What the kernel keeps on the way, and what the server does.
        const int TakenBytesMax = 24 * 1024 * 1024;
        using Socket client = Peers.Connect(Serve());
        client.SendText(beginning);
        await Waiting.Until(() => _time.NextDueMs is not null, () => "the connection to be accepted");
        byte[] block = Wire.Bytes(string.Concat(Enumerable.Repeat(rest, 16 * 1024 / rest.Length)));
        client.Blocking = false;
        long taken = 0;
        await Waiting.Until(() =>
        {
            SocketError error = SocketError.Success;
            while (error == SocketError.Success && taken < TakenBytesMax)
                taken += client.Send(block, 0, block.Length, SocketFlags.None, out error);
            if (error == SocketError.WouldBlock && !client.Poll(20_000, SelectMode.SelectWrite))
                _time.AdvanceTo(_time.GetTimestamp() + 60_000);
            return taken >= TakenBytesMax || _time.NextDueMs is null;
        }, () => $"the end of a connection on which {taken} bytes were taken");
        Assert.InRange(taken, 0, TakenBytesMax - 1);
        await EndsWhole();
    }

    private static void Compare(List<Expected> expected, byte[] received)
    {
        string text = Wire.Text(received);
        int at = 0;
        foreach (Expected one in expected)
        {
            int headEnd = text.IndexOf("\r\n\r\n", at, StringComparison.Ordinal) + 4;
            Assert.True(headEnd >= 4, $"no answer where {one} should be, but: {text[at..]}");
            string[] head = text[at..headEnd].Split("\r\n");
            string status = head[0].Split(' ')[1];
            bool isUnasked = one.MayBeUnasked && status == "417";
            Assert.True(isUnasked || status == $"{one.Status}", $"{head[0]}, not {one}");
            bool isLast = head.Contains("Connection: close");
            Assert.Equal(isUnasked || one.IsLast, isLast);
            string lengthLine = head.Single(static line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
            int length = int.Parse(lengthLine["Content-Length: ".Length..], CultureInfo.InvariantCulture);
            int bodyEnd = headEnd + (one.IsHead ? 0 : length);
            Assert.True(bodyEnd <= text.Length, $"{one} is cut: {text.Length - headEnd} of {length} bytes");
            if (one is { Status: 200, IsHead: false } && !isUnasked)
                Assert.Equal(one.Body, text[headEnd..bodyEnd]);
            at = bodyEnd;
            if (isLast)
                break;
        }
        Assert.True(at == text.Length, $"more than was asked for: {text[at..]}");
    }

    /// <summary>What stands in the bytes, as somebody reads it who has them all.</summary>
    private static List<Expected> Read(byte[] bytes)
    {
        List<Expected> expected = [];
        while (expected is not [.., { IsLast: true }])
        {
            var head = new RequestHead(fieldCountMax: 64);
            ParseOutcome outcome = RequestHeadParser.Parse(bytes, new HeadLimits(8192, 64, 4096), head);
            if (outcome.Status == ParseStatus.NeedMore)
                return expected;
            bool isHead = head.MethodKind == HttpMethod.Head;
            BodyFraming framing = outcome.Status == ParseStatus.Done ? MessageFraming.OfRequest(bytes, head) : default;
            if (outcome.Status == ParseStatus.Rejected || framing.Reason != RejectReason.None)
                return [.. expected, new Expected(400, "", IsLast: true, isHead)];
            string target = Wire.Text(head.Target.Of(bytes));
            int refused = framing.Kind == BodyKind.None ? 0
                : target.Split('?')[0] == "/refused" ? 401
                : framing.Kind != BodyKind.Length ? 411
                : framing.LengthBytes > BodyBytesMax ? 413 : 0;
            if (refused != 0)
                return [.. expected, new Expected(refused, "", IsLast: true, isHead)];
            int end = outcome.ConsumedBytes + (int)framing.LengthBytes;
            bool mayBeUnasked = framing.LengthBytes > 0 && head.Fields.Contains(KnownHeader.Expect);
            if (end > bytes.Length)
                return mayBeUnasked ? [.. expected, new Expected(417, "", IsLast: true, isHead)] : expected;
            ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
            string body = Wire.Text(bytes.AsSpan(outcome.ConsumedBytes..end));
            expected.Add(new Expected(target == "/fails" ? 500 : 200, Echo.BodyOf(head.MethodKind, target, body),
                options.Close || (head.MinorVersion == 0 && !options.KeepAlive), isHead) { MayBeUnasked = mayBeUnasked });
            bytes = bytes[end..];
        }
        return expected;
    }

    /// <summary>The server ends without a task or a timer being left.</summary>
    private async Task EndsWhole()
    {
        _server!.Dispose();
        await _server.Ended.WaitAsync(LoopUnderTest.Deadline);
        await _time.UntilNextDue(null);
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Other tests run meanwhile, and some fail on purpose.</summary>
    private void Note(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        string text = e.Exception.ToString();
        if (text.Contains("NativeProxy.Admin.SmallHttp", StringComparison.Ordinal) && !text.Contains("a test", StringComparison.Ordinal))
            _unobserved.Enqueue(text);
    }

    private IPEndPoint Serve(int placesMax = 100)
    {
        Socket listening = Peers.Listen();
        _server = SmallHttpServer.Start(listening, new Echo(), placesMax, _time);
        return (IPEndPoint)listening.LocalEndPoint!;
    }

    /// <summary>One answer. Where the body had to be asked for it depends on how fast it came.</summary>
    private sealed record Expected(int Status, string Body, bool IsLast, bool IsHead)
    {
        public bool MayBeUnasked { get; init; }

        public override string ToString() => $"{Status}{(IsHead ? " to HEAD" : "")}{(IsLast ? ", the last" : "")}";
    }

    /// <summary>Answers with what it was asked, at once or later, or with much.</summary>
    private sealed class Echo : IResponder
    {
        public int BodyBytesMax => SmallHttpFuzzTests.BodyBytesMax;

        public static string BodyOf(HttpMethod method, string target, string body) =>
            target == "/big" ? new string('b', BigBytes) : $"{method} {target} {body}";

        public SmallResponse? RefusalOf(in SmallRequest request) =>
            request.Path.SequenceEqual("/refused"u8) ? new SmallResponse(401, "text/plain", default) : null;

        public SmallResponse Respond(in SmallRequest request)
        {
            string target = Wire.Text(request.Target);
            if (target == "/fails")
                return SmallResponse.After(Task.FromException<SmallResponse>(new InvalidOperationException("a test")));
            var response = new SmallResponse(200, "text/plain", Wire.Bytes(BodyOf(request.Method, target, Wire.Text(request.Body))));
            return target == "/later" ? SmallResponse.After(Later(response)) : response;
        }

        public bool IsProbe(ReadOnlySpan<byte> target) => false;

        private static async Task<SmallResponse> Later(SmallResponse response)
        {
            await Task.Yield();
            return response;
        }
    }
}
