using System;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>
/// The table of src/NativeProxy/Http1/FRAMING.md, responses: a bad one is never believed, its connection is never used again, and
/// the nearest legal ones pass with exactly the bytes that they should have.
/// </summary>
public sealed class ResponseFramingSafetyTests
{
    /// <summary>More bytes than this are not sent one by one.</summary>
    private const int BytesOneByOneMax = 400;

    private const string Good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

    internal static readonly ResponseCase[] Cases = ResponseCases.All;

    public static TheoryData<string> BadRows => [.. Cases.Where(row => row.Bad.Count > 0).Select(row => row.Key)];

    public static TheoryData<string> Rows => [.. Cases.Select(row => row.Key)];

    [Theory]
    [MemberData(nameof(BadRows))]
    public async Task BadResponse_IsNeverTakenForAnAnswer_AndItsConnectionIsNeverUsedAgain(string row)
    {
        ResponseCase one = Find(row);
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        foreach ((string method, string response) in one.Bad)
        {
            await ExpectNotBelieved(proxy, origin, one.Fate, method, response, server => SendWhole(server, response));
            if (response.Length <= BytesOneByOneMax)
                await ExpectNotBelieved(proxy, origin, one.Fate, method, response, server => SendOneByOne(server, response));
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task LegalTwin_Passes_WithExactlyTheseBytes(string row)
    {
        foreach ((string method, string response, string atClient, bool isPooled) in Find(row).Passed)
        {
            await using ScriptedOrigin origin = ScriptedOrigin.Driven();
            await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
            await using RawClient client = await proxy.Connect();
            await client.Send($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            OriginConnection server = await origin.Accept();
            await server.ReadRequest();
            await server.Send(response);
            Assert.Equal(atClient, await client.Read(atClient.Length));
            if (!isPooled)
            {
                await server.ExpectEnd();
                server = await AskAgain(client, origin);
            }
            else
            {
                await client.SendGet("/next");
                await server.ReadRequest();
            }
            await server.Send(Good);
            Assert.Equal(Good, await client.Read(Good.Length));
            Assert.Equal("", client.Untaken);
        }
    }

    private static ResponseCase Find(string key) => Cases.Single(row => row.Key == key);

    private static async Task ExpectNotBelieved(ProxyUnderTest proxy, ScriptedOrigin origin, ResponseFate fate, string method, string response,
        Func<OriginConnection, Task<bool>> answer)
    {
        string shown = response[..Math.Min(300, response.Length)].Replace("\r", "\\r", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        await using RawClient client = await proxy.Connect();
        await client.Send($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        Task<(string Text, StreamEnd End)> atServer = server.ReadToEnd();
        bool wasReset = await answer(server);
        string received = (await client.ReadToEnd()).Text;
        if (fate == ResponseFate.Refused)
        {
            string last = received[Math.Max(0, received.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal))..];
            Assert.True(last.StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal), $"{shown}: {received}");
            Assert.True(received.Split("HTTP/1.1 ").Skip(1).SkipLast(1).All(interim => interim[0] == '1'), $"{shown}: {received}");
            Assert.True(!received.Contains("evil", StringComparison.Ordinal) && !received.Contains("abc", StringComparison.Ordinal),
                $"{shown}: {received}");
        }
        else
        {
            Assert.True(received.Split("HTTP/1.1 ").Length == 2, $"{shown}: {received}");
            int body = received.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            bool isWhole = received[body..].StartsWith("0\r\n", StringComparison.Ordinal) || received.Contains("\r\n0\r\n", StringComparison.Ordinal);
            Assert.True(!isWhole || received.StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal), $"{shown}: the client saw an end: {received}");
        }
        (string text, StreamEnd end) = await atServer;
        Assert.True(text.Length == 0 && (end == StreamEnd.Reset || wasReset), $"{shown}: the server saw {end}");
        await using RawClient next = await proxy.Connect();
        OriginConnection fresh = await AskAgain(next, origin);
        await fresh.Send(Good.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));
        Assert.Equal(Good, await next.Read(Good.Length));
        await fresh.ExpectFin();
    }

    /// <summary>The next request; returns the connection of its own that it must come on.</summary>
    private static async Task<OriginConnection> AskAgain(RawClient client, ScriptedOrigin origin)
    {
        await client.SendGet("/next");
        OriginConnection fresh = await origin.Accept();
        Assert.StartsWith("GET /next ", await fresh.ReadRequest(), StringComparison.Ordinal);
        return fresh;
    }

    private static async Task<bool> SendWhole(OriginConnection server, string response)
    {
        await server.Send(response);
        return false;
    }

    /// <summary>True when the proxy has reset the connection on the way; a later read would not tell of it again.</summary>
    private static async Task<bool> SendOneByOne(OriginConnection server, string response)
    {
        try
        {
            await server.SendByteByByte(response);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return true;
        }
    }
}
