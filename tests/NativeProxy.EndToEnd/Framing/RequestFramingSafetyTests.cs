using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>
/// The table of src/NativeProxy/Http1/FRAMING.md, requests: each row is refused in every spelling, however its bytes arrive, and
/// its nearest legal twins pass with exactly the bytes that they should have.
/// </summary>
public sealed class RequestFramingSafetyTests
{
    private const string First = "GET /first HTTP/1.1\r\nHost: a\r\n\r\n";

    /// <summary>More bytes than this are not sent one by one.</summary>
    private const int BytesOneByOneMax = 400;

    internal static readonly RequestCase[] Cases = [.. RequestHeadCases.All, .. RequestBodyCases.All];

    /// <summary>Nothing is added to requests, so that a test shows all that the server gets.</summary>
    internal static readonly string[] NothingAdded =
        ["forwarded.via = \"\"", "forwarded.x_forwarded_for = false", "forwarded.x_forwarded_proto = false", "forwarded.x_forwarded_host = false"];

    public static TheoryData<string> RefusedRows => [.. Cases.Where(row => row.Refused.Count > 0).Select(row => row.Key)];

    public static TheoryData<string> Rows => [.. Cases.Select(row => row.Key)];

    [Theory]
    [MemberData(nameof(RefusedRows))]
    public async Task BadRequest_IsAnswered_TheConnectionCloses_AndTheServerGetsNothing(string row)
    {
        RequestCase one = Find(row);
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(NothingAdded));
        int taken = 0;
        foreach ((int status, string request) in one.Refused)
        {
            await using (RawClient client = await proxy.Connect())
            {
                await client.Send(request);
                await ExpectRefused(client, status, request);
            }
            if (request.Length <= BytesOneByOneMax)
            {
                await using RawClient slow = await proxy.Connect();
                await slow.SendByteByByte(request);
                await ExpectRefused(slow, status, request);
            }
            taken += await ExpectNoRequest(proxy, origin, one, request, taken);
        }
    }

    [Theory]
    [MemberData(nameof(RefusedRows))]
    public async Task BadRequestBehindAGoodOne_IsRefusedInItsTurn_AndTheServerGetsOnlyTheGoodOne(string row)
    {
        RequestCase one = Find(row);
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(NothingAdded)
            .Upstream("keepalive.enabled = false"));
        int taken = 0;
        foreach ((int status, string request) in one.Refused)
        {
            await using RawClient client = await proxy.Connect();
            await client.Send(First + request);
            OriginConnection server = await origin.Accept();
            Assert.Equal(First.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal), await server.ReadHead());
            await server.Send(OriginConnection.Ok);
            Assert.Equal("ok", (await client.ReadResponse()).Body);
            await server.ExpectFin();
            await ExpectRefused(client, status, request);
            taken += 1 + await ExpectNoRequest(proxy, origin, one, request, taken + 1);
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task LegalTwin_Passes_WithExactlyTheseBytes(string row)
    {
        RequestCase one = Find(row);
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(NothingAdded));
        OriginConnection? server = null;
        foreach ((string request, string atServer) in one.Passed)
        {
            await using RawClient client = await proxy.Connect();
            await client.Send(request);
            server ??= await origin.Accept();
            Assert.Equal(atServer, await server.Read(atServer.Length));
            await server.Send("HTTP/1.1 204 No Content\r\n\r\n");
            Assert.Equal(204, (await client.ReadResponse()).Status);
            Assert.Equal("", server.Untaken);
        }
    }

    private static RequestCase Find(string key) => Cases.Single(row => row.Key == key);

    private static async Task ExpectRefused(RawClient client, int status, string request)
    {
        (string answer, StreamEnd end) = await client.ReadToEnd();
        string shown = Shown(request);
        Assert.True(answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{shown}: {answer}");
        Assert.True(answer.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal), $"{shown}: {answer}");
        Assert.True(answer.LastIndexOf("HTTP/1.", StringComparison.Ordinal) == 0, $"{shown}: more than one answer: {answer}");
        Assert.True(end == StreamEnd.Fin, $"{shown}: {end}");
    }

    /// <summary>Looks at the connections to the server that nobody has taken yet. Returns how many these were.</summary>
    private static async Task<int> ExpectNoRequest(ProxyUnderTest proxy, ScriptedOrigin origin, RequestCase row, string request, int takenBefore)
    {
        int count = (int)await proxy.Metric("nativeproxy_server_connects_total") - takenBefore;
        Assert.True(count == 0 || row.Where == RefusedWhere.InBody, $"{Shown(request)}: the server was contacted");
        for (int i = 0; i < count; i++)
            await ExpectCut(await origin.Accept(), request);
        return count;
    }

    /// <summary>The server may have got the head and sound chunks, but no end of the body, and is told at once that none will come.</summary>
    private static async Task ExpectCut(OriginConnection server, string request)
    {
        (string received, StreamEnd end) = await server.ReadToEnd();
        Assert.True(end == StreamEnd.Reset, $"{Shown(request)}: the server saw {end} behind: {received}");
        Assert.True(!received.Contains("\r\n0\r\n", StringComparison.Ordinal), $"{Shown(request)}: the server saw an end: {received}");
    }

    private static string Shown(string request) =>
        (request.Length <= 300 ? request : request[..300] + "...").Replace("\r", "\\r", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
