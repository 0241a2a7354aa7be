using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Http;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>A run against a server that answers wrongly in one respect fails, and says in which.</summary>
public sealed class WrongResponseTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nContent-Length: 64\r\n\r\n{body}", "")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{body}\r\n0\r\n\r\n", "")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nConnection: close\r\n\r\n{body}{end}", "")]
    [InlineData("HTTP/1.1 502 Bad\r\nX-Load-Id: {id}\r\nContent-Length: 64\r\n\r\n{body}", "status 502 instead of 200")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: beef\r\nContent-Length: 64\r\n\r\n{body}", "belongs to request beef")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{body}", "no X-Load-Id")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nContent-Length: 63\r\n\r\n{body}", "Content-Length 63 instead of 64")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nContent-Length: 64\r\n\r\n{otherbody}", "the content differs")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nX-Load-Body: 3\r\nContent-Length: 64\r\n\r\n{body}", "saw 3 body bytes")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nContent-Length: 64\r\n\r\n{body}{body}", "belong to no request")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{body}", "broken chunk framing")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "0 bytes of content instead of 64")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nContent-Length: 64\r\n\r\nabc{end}", "the content differs")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nContent-Length: 64\r\n\r\n{half}{end}",
        "closed by the server, 1 requests unanswered, 32 bytes")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Load-Id: {id}\r\nConnection: close\r\n\r\n{half}{end}", "32 bytes of content instead of 64")]
    [InlineData("{end}", "closed by the server")]
    [InlineData("SSH-2.0-x\r\n\r\n", "not a response head")]
    public void Answer_IsAcceptedOrRefusedWithItsReason(string answer, string reason)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Thread(() => Serve(listener, answer)) { IsBackground = true };
        server.Start();
        var plan = new LoadPlan { Target = (IPEndPoint)listener.LocalEndpoint, Connections = 1, RequestsMax = 1, AnswerMsMax = 30_000 };
        LoadResult result = LoadRun.Whole(plan, TimeSpan.Zero, TimeSpan.FromSeconds(60), out _, out _);
        server.Join();
        if (reason.Length == 0)
            Assert.Empty(result.Failures);
        else
            Assert.Contains(reason, Assert.Single(result.Failures), StringComparison.Ordinal);
        Assert.Equal(reason.Length == 0 || reason.StartsWith("belong to", StringComparison.Ordinal) ? 1 : 0, result.Completed);
    }

    [Fact]
    public void ServerThatIsNotThere_FailsTheRun()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var plan = new LoadPlan { Target = (IPEndPoint)listener.LocalEndpoint, Connections = 4, RequestsMax = 4 };
        listener.Stop();
        LoadResult result = LoadRun.Whole(plan, TimeSpan.Zero, TimeSpan.FromSeconds(60), out _, out _);
        Assert.Contains("cannot connect", Assert.Single(result.Failures), StringComparison.Ordinal);
    }

    private static void Serve(TcpListener listener, string answer)
    {
        using Socket client = listener.AcceptSocket();
        byte[] buffer = new byte[4096];
        string request = Encoding.ASCII.GetString(buffer, 0, client.Receive(buffer));
        string id = request.Split("X-Load-Id: ")[1].Split('\r')[0];
        client.Send(Fill(answer, id));
        if (answer.EndsWith("{end}", StringComparison.Ordinal))
            client.Shutdown(SocketShutdown.Send);
        // The client ends with a reset once it has judged.
        try
        {
            while (client.Receive(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
        }
    }

    private static byte[] Fill(string answer, string id)
    {
        ulong number = ulong.Parse(id, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        string text = answer.Replace("{id}", id).Replace("{end}", "")
            .Replace("{body}", Content(number, 64)).Replace("{otherbody}", Content(number + 1, 64)).Replace("{half}", Content(number, 32));
        return Encoding.Latin1.GetBytes(text);
    }

    private static unsafe string Content(ulong id, int count) => Encoding.Latin1.GetString(BodyPattern.At(id, 0), count);
}
