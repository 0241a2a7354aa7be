using System;
using System.Linq;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>Which times run for a client connection, as an operator is told, in states that are none of a request.</summary>
public sealed class SessionDeadlineTests
{
    [Theory]
    [InlineData("proxy_protocol = true", "PROXY TCP4 ", "reading_proxy_header", "timeouts.request_header")]
    [InlineData("", "GET / HTTP/1.1\r\n\r\n", "lingering", "timeouts.linger")]
    [InlineData("mode = \"tcp\"", "hello", "tunnel", "tcp.idle_timeout")]
    public async Task Session_SaysWhatEndsIt(string settings, string sent, string state, string key)
    {
        using var test = new WorkerUnderTest(settings);
        using Socket client = test.Client();
        client.SendText(sent);
        JsonElement session = await InState(test, state, key);
        Assert.InRange(session.GetProperty("deadlines")[0].GetProperty("left_ms").GetInt64(), 1, 24 * 3600 * 1000);
    }

    [Fact]
    public async Task TunnelOfWhichOneSideHasEnded_HasAnotherTime()
    {
        using var test = new WorkerUnderTest("mode = \"tcp\"");
        using Socket client = test.Client();
        using Socket server = test.AcceptAtOrigin();
        JsonElement session = await InState(test, "tunnel", "tcp.idle_timeout");
        Assert.Equal(("app", "a", 1), (session.GetProperty("upstream").GetString(), session.GetProperty("server").GetString(),
            session.GetProperty("server_connection").GetProperty("uses").GetInt32()));
        client.Shutdown(SocketShutdown.Send);
        await InState(test, "tunnel", "tcp.half_close_timeout");
    }

    private static async Task<JsonElement> InState(WorkerUnderTest test, string state, string key)
    {
        long until = Environment.TickCount64 + (long)LoopUnderTest.Deadline.TotalMilliseconds;
        while (true)
        {
            using var document = JsonDocument.Parse(await test.Worker.Ask("sessions ").WaitAsync(LoopUnderTest.Deadline));
            JsonElement[] sessions = [.. document.RootElement.Clone().EnumerateArray()];
            if (sessions is [var one] && one.GetProperty("state").GetString() == state
                && one.GetProperty("deadlines").EnumerateArray().Any(deadline => deadline.GetProperty("key").GetString() == key))
            {
                return one;
            }
            Assert.True(Environment.TickCount64 < until, $"not {state} until {key}: {document.RootElement.GetRawText()}");
        }
    }
}
