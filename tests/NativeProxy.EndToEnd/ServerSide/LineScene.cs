using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// A server that takes one connection, of which the scene's client holds it with "/hold"; whoever else asks stands in line. The server writes down
/// what it is asked for, and answers all but "/hold".
/// </summary>
internal sealed class LineScene(ScriptedOrigin origin, ConcurrentQueue<string> order, ProxyUnderTest proxy, RawClient client,
    OriginConnection held) : ClientScene(origin, proxy, client)
{
    public const string Waiting = "nativeproxy_queue_waiting";

    /// <summary>What the server was asked for, "/hold" first.</summary>
    public IEnumerable<string> Order => order;

    /// <summary>The one connection of the server.</summary>
    public OriginConnection Held => held;

    /// <summary>A server with a limit, behind which everybody waits for long.</summary>
    public static ProxyConfig Limited(ScriptedOrigin origin, int connectionsMax, int workers) =>
        ProxyConfig.For(origin).EachServer($"max_connections = {connectionsMax}").WithWorkers(workers).Upstream("timeouts.queue = \"1m\"");

    /// <param name="workers">How many workers the proxy has.</param>
    public static async Task<LineScene> Start(int workers)
    {
        var order = new ConcurrentQueue<string>();
        ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
        {
            string target = request.Split(' ')[1];
            order.Enqueue(target);
            return target == "/hold" ? "" : OriginConnection.Ok;
        });
        ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 1, workers));
        RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        OriginConnection held = await origin.Accept();
        await Deadline.Until(() => !order.IsEmpty, () => "the request that holds the server");
        return new LineScene(origin, order, proxy, holding, held);
    }

    /// <summary>Clients that ask for /1, /2 and so on, each when the one before stands in line.</summary>
    public Task<List<RawClient>> Queue(int count) => Queue(Proxy, count);

    /// <summary>The same, where a test holds the server itself.</summary>
    public static async Task<List<RawClient>> Queue(ProxyUnderTest proxy, int count)
    {
        var clients = new List<RawClient>();
        for (int i = 1; i <= count; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[^1].SendGet("/" + i);
            await proxy.WaitForMetric(Waiting, i);
        }
        return clients;
    }

    /// <summary>Who holds the server is answered, so that those in line have their turns.</summary>
    public Task Release() => held.Send(OriginConnection.Ok);

    /// <summary>
    /// Who held the server, and these clients after it, are answered; then they leave, and the server was asked in the order of their numbers.
    /// </summary>
    public async Task ExpectServed(IReadOnlyList<RawClient> clients, IEnumerable<int> numbers)
    {
        await ExpectStatus(200);
        foreach (int number in numbers)
        {
            Assert.Equal(200, (await clients[number - 1].ReadResponse()).Status);
            clients[number - 1].Close();
        }
        Assert.Equal(numbers.Select(static number => $"/{number}").Prepend("/hold"), order);
    }
}
