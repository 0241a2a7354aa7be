using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>One check against a server that is a blocking socket of the test.</summary>
public sealed class ConnectionCheckTests : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<CheckResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _run = Task.CompletedTask;

    public void Dispose() => _over.Dispose();

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "it answers with status 200", true)]
    [InlineData("HTTP/1.0 204 No Content\r\n\r\n", "it answers with status 204", true)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "it answers with status 302", true)]
    [InlineData("HTTP/1.1 399 X\r\n\r\n", "it answers with status 399", true)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "it answers with status 200", true)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "it answers with status 400", false)]
    [InlineData("HTTP/1.1 404 Not Found\r\n\r\n", "it answers with status 404", false)]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "it answers with status 500", false)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n\r\n", "it answers with status 503", false)]
    [InlineData("SSH-2.0-OpenSSH\r\n", "its answer is no valid HTTP response", false)]
    [InlineData("HTTP/1.1 200 OK\r\nbroken line\r\n\r\n", "its answer is no valid HTTP response", false)]
    public async Task Answer_IsJudgedByItsStatus(string answer, string text, bool passed)
    {
        using Socket listener = Peers.Listen();
        Begin(listener, Asking("/up?x=1", "example.org"));
        using Socket server = Peers.Accept(listener);
        Assert.Equal(
            "GET /up?x=1 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: nativeproxy-health\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            server.ReadHead());

        // Byte by byte: a head that comes in pieces is the same head.
        foreach (byte value in Encoding.ASCII.GetBytes(answer))
            TrySend(server, value);

        CheckResult result = await Result();
        Assert.Equal((text, passed), (result.Text, result.Passed));
        server.Dispose();
        await End();
    }

    /// <summary>Whether the server closes as it was asked to or not: the answer is taken whole, and FIN is all that it sees of the end.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", 5000, "", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", 5000, "", false)]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 0, "", false)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 0, "", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n", 5000, "\r\n0\r\nX: y\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", 5000, "", true)]
    public async Task WholeAnswer_IsReadToItsEnd_AndTheConnectionIsNeverReset(string head, int bodyBytes, string behind, bool serverCloses)
    {
        using Socket listener = Peers.Listen();
        Begin(listener, Asking("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.ReadHead();
        server.SendText(head);
        Assert.NotEqual(0, (await Result()).StatusCode);

        server.Send(new byte[bodyBytes]);
        server.SendText(behind);
        if (serverCloses)
            server.Shutdown(SocketShutdown.Send);
        Assert.Equal(SocketError.Success, server.ReadToError());

        // Its time being over makes no reset of it either.
        await _over.CancelAsync();
        await End();
        server.Shutdown(SocketShutdown.Both);
    }

    [Fact]
    public async Task AnswerThatDoesNotEndInTime_IsCutOff()
    {
        using Socket listener = Peers.Listen();
        Begin(listener, Asking("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.ReadHead();
        server.SendText("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        Assert.True((await Result()).Passed);
        await _over.CancelAsync();

        Assert.Equal(SocketError.ConnectionReset, server.ReadToError());
        await End();
    }

    [Fact]
    public async Task EndlessBody_IsCutOff()
    {
        using Socket listener = Peers.Listen();
        Begin(listener, Asking("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
        Assert.True((await Result()).Passed);

        byte[] block = new byte[16 * 1024];
        SocketError error = SocketError.Success;
        while (error == SocketError.Success)
            server.Send(block, 0, block.Length, SocketFlags.None, out error);

        // The server has not closed: it was the check that ended the connection.
        await End();
    }

    [Fact]
    public async Task TcpCheck_PassesWhenTheConnectionStands_AndClosesIt()
    {
        using Socket listener = Peers.Listen();
        Begin(listener, new TcpQuestion("", ""));
        using Socket server = Peers.Accept(listener);

        CheckResult result = await Result();

        Assert.Equal(("it accepts connections", true), (result.Text, result.Passed));
        Assert.Equal(SocketError.Success, server.ReadToError());
        server.Dispose();
        await End();
    }

    [Fact]
    public async Task TcpCheck_OfAServerThatGreets_DoesNotResetIt()
    {
        using Socket listener = Peers.Listen();
        Begin(listener, new TcpQuestion("", ""));
        using Socket server = Peers.Accept(listener);
        server.SendText("220 mail.example.org\r\n");

        Assert.True((await Result()).Passed);
        Assert.Equal(SocketError.Success, server.ReadToError());
        server.Dispose();
        await End();
    }

    [Fact]
    public async Task ClosedPort_IsRefused()
    {
        using Socket refusing = Peers.RefusingPort();
        Begin(refusing, new TcpQuestion("", ""));

        Assert.Equal(CheckOutcome.ConnectionRefused, (await Result()).Outcome);
        await End();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ServerThatClosesWithoutAnswer_Fails(bool withReset)
    {
        using Socket listener = Peers.Listen();
        Begin(listener, Asking("/", "a"));
        Socket server = Peers.Accept(listener);
        server.ReadHead();
        if (withReset)
            server.Reset();
        else
            server.Dispose();

        Assert.Equal(CheckOutcome.ClosedWithoutResponse, (await Result()).Outcome);
        await End();
    }

    [Fact]
    public async Task CheckWhoseTimeIsOver_SaysHowFarItCame()
    {
        using Socket full = Peers.Listen(backlog: 0);
        using Socket filler = Peers.Connect(full);
        Begin(full, new TcpQuestion("", ""));
        await _over.CancelAsync();
        Assert.Equal(CheckOutcome.ConnectTimeout, (await Result()).Outcome);
        await End();
    }

    [Fact]
    public async Task CheckWhoseTimeIsOverInsideTheHead_HasNoAnswer_AndResets()
    {
        using Socket listener = Peers.Listen();
        Begin(listener, Asking("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.ReadHead();
        server.SendText("HTTP/1.1 2");
        await _over.CancelAsync();

        Assert.Equal(CheckOutcome.ResponseTimeout, (await Result()).Outcome);
        Assert.Equal(SocketError.ConnectionReset, server.ReadToError());
        await End();
    }

    [Theory]
    [InlineData("127.0.0.1:80", "/", true)]
    [InlineData("127.0.0.1:81", "/", false)]
    [InlineData("127.0.0.1:80", "/x", false)]
    public void SameCheck_AsksTheSameOfTheSameServer(string endPoint, string path, bool expected) => Assert.Equal(
        expected,
        new ConnectionCheck(IPEndPoint.Parse("127.0.0.1:80"), Asking("/", "a"))
        .IsSameAs(new ConnectionCheck(IPEndPoint.Parse(endPoint), Asking(path, "a"))));

    private static HttpQuestion Asking(string path, string host) =>
        HttpQuestion.Of(ServerUnderTest.SettingsOf($"[upstream.health]\ntype = \"http\"\npath = \"{path}\"").Health, host);

    private static void TrySend(Socket server, byte value)
    {
        try
        {
            server.Send([value]);
        }
        catch (SocketException)
        {
            // The check has seen enough and closed.
        }
    }

    private Task<CheckResult> Result() => _result.Task.WaitAsync(LoopUnderTest.Deadline);

    /// <summary>The check is over by itself.</summary>
    private Task End() => _run.WaitAsync(LoopUnderTest.Deadline);

    private void Begin(Socket server, HealthQuestion question) =>
        _run = new ConnectionCheck((IPEndPoint)server.LocalEndPoint!, question).RunAsync(_result.SetResult, _over.Token);
}
