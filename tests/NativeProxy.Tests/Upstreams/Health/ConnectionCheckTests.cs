using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Http1;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>One check against a server that is a blocking socket of the test.</summary>
public sealed class ConnectionCheckTests : IDisposable
{
    private readonly LoopUnderTest _test = new();
    private readonly TaskCompletionSource<CheckResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _test.Dispose();

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
        await Begin(listener, ConnectionCheck.RequestFor("/up?x=1", "example.org"));
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
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task ServerThatSendsItsBodyAfterTheHead_IsReadToItsEndAndNotReset()
    {
        using Socket listener = Peers.Listen();
        await Begin(listener, ConnectionCheck.RequestFor("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.Send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"u8);
        Assert.True((await Result()).Passed);

        server.Send(new byte[5000]);
        await _test.Settle();
        server.Shutdown(SocketShutdown.Send);

        server.ReadHead();
        Assert.Equal(SocketError.Success, server.ReadToError());
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task EndlessBody_IsCutOff()
    {
        using Socket listener = Peers.Listen();
        await Begin(listener, ConnectionCheck.RequestFor("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
        Assert.True((await Result()).Passed);

        byte[] block = new byte[16 * 1024];
        SocketError error = SocketError.Success;
        while (error == SocketError.Success)
            server.Send(block, 0, block.Length, SocketFlags.None, out error);

        // The server has not closed: it was the check that ended the connection.
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task TcpCheck_PassesWhenTheConnectionStands_AndClosesIt()
    {
        using Socket listener = Peers.Listen();
        await Begin(listener, []);
        using Socket server = Peers.Accept(listener);

        CheckResult result = await Result();

        Assert.Equal(("it accepts connections", true), (result.Text, result.Passed));
        Assert.Equal(SocketError.Success, server.ReadToError());
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task ClosedPort_IsRefused()
    {
        using Socket refusing = Peers.RefusingPort();
        await Begin(refusing, []);

        Assert.Equal(CheckOutcome.ConnectionRefused, (await Result()).Outcome);
        await _test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ServerThatClosesWithoutAnswer_Fails(bool withReset)
    {
        using Socket listener = Peers.Listen();
        await Begin(listener, ConnectionCheck.RequestFor("/", "a"));
        Socket server = Peers.Accept(listener);
        server.ReadHead();
        if (withReset)
            server.Reset();
        else
            server.Dispose();

        Assert.Equal(CheckOutcome.ClosedWithoutResponse, (await Result()).Outcome);
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task GivenUpCheck_SaysHowFarItCame_AndTellsNothingAfterwards()
    {
        using Socket full = Peers.Listen(backlog: 0);
        using Socket filler = Peers.Connect(full);
        ConnectionCheck hanging = await Begin(full, []);
        Assert.Equal(CheckOutcome.ConnectTimeout, (await _test.Run(hanging.GiveUp)).Outcome);

        using Socket listener = Peers.Listen();
        ConnectionCheck silent = await Begin(listener, ConnectionCheck.RequestFor("/", "a"));
        using Socket server = Peers.Accept(listener);
        server.ReadHead();
        server.Send("HTTP/1.1 2"u8);
        await _test.Settle();
        Assert.Equal(CheckOutcome.ResponseTimeout, (await _test.Run(silent.GiveUp)).Outcome);
        Assert.Equal(SocketError.ConnectionReset, server.ReadToError());

        await _test.AssertEmpty();
        Assert.False(_result.Task.IsCompleted);
    }

    [Fact]
    public async Task CheckThatBeginsAnew_DropsWhatIsLeftOfTheLastOne()
    {
        using Socket listener = Peers.Listen();
        ConnectionCheck check = await Begin(listener, ConnectionCheck.RequestFor("/", "a"));
        using Socket first = Peers.Accept(listener);
        await _test.Run(check.Begin);
        using Socket second = Peers.Accept(listener);

        Assert.Equal(SocketError.ConnectionReset, first.ReadToError());
        second.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
        Assert.True((await Result()).Passed);
        second.Dispose();
        await _test.AssertEmpty();
    }

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

    private async Task<ConnectionCheck> Begin(Socket server, byte[] request)
    {
        var check = new ConnectionCheck(_test.Loop, new ResponseHead(64), (IPEndPoint)server.LocalEndPoint!, request) { Ended = _result.SetResult };
        await _test.Run(check.Begin);
        return check;
    }
}
