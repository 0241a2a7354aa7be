using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Servers that fail requests are left out for a time, in all workers, and clients see nothing of it.</summary>
public sealed class PassiveHealthTests
{
    private const string Busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    private const string BEjected = "nativeproxy_server_ejected{upstream=\"app\",server=\"b\"}";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ServerThatAnswersNothing_IsLeftOut_AndComesBack(int workers)
    {
        bool isSick = true;
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        int asked = 0;
        Task serving = ServeB();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).WithWorkers(workers)
            .Upstream("retry.budget_min = 100", "[upstream.passive]", "consecutive_failures = 3", "ejection_time = \"1s\""));
        for (int i = 0; i < 12; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);

        // Three failures in all, whichever worker saw them.
        Assert.Equal((3, 1), (asked, await proxy.Metric("nativeproxy_server_ejections_total{upstream=\"app\",server=\"b\"}")));
        await proxy.Errors.WaitFor("of upstream \"app\", server \"b\" gets no requests for 1s: 3 failures in a row");

        isSick = false;
        await proxy.WaitForMetric(BEjected, 0);
        await Deadline.Until(async () => (await proxy.AskOnce()).Body == "b", () => "b to be asked again");
        await b.DisposeAsync();
        await serving;

        async Task ServeB()
        {
            try
            {
                while (true)
                {
                    OriginConnection connection = await b.Accept();
                    await connection.ReadRequest();
                    asked++;
                    if (!isSick)
                        await connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nb");
                    connection.Close();
                }
            }
            catch (Exception e) when (e is not NullReferenceException)
            {
                // The test is over.
            }
        }
    }

    [Fact]
    public async Task OnlyServer_IsNeverLeftOut()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address)
            .Upstream("[upstream.passive]", "consecutive_failures = 1"));
        for (int i = 0; i < 3; i++)
            Assert.Equal(502, (await proxy.AskOnce()).Status);
        Assert.Equal(0, await proxy.Metric("nativeproxy_server_ejections_total{upstream=\"app\",server=\"a\"}"));
    }

    [Theory]
    [InlineData("", 6)]
    [InlineData("failure_statuses = [\"502-503\"]", 2)]
    public async Task StatusOfTheApplication_IsAFailureWhereItIsListed(string line, int asked)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering(Busy);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b)
            .Upstream("[upstream.passive]", "consecutive_failures = 2", "ejection_time = \"1h\"", "max_ejection_time = \"1h\"", line));
        for (int i = 0; i < 12; i++)
            await proxy.AskOnce();

        Assert.Equal(asked, b.Requests.Count);
    }

    [Fact]
    public async Task ServerThatIsLeftOut_ServesWhenTheOtherOneHasGoneDown()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering(
            request => request.StartsWith("GET /sick ", StringComparison.Ordinal) ? Busy : OriginConnection.Ok);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b)
            .Upstream("[upstream.passive]", "consecutive_failures = 1", "failure_statuses = [\"503\"]", "ejection_time = \"1h\"",
                "max_ejection_time = \"1h\""));
        for (int i = 0; i < 2; i++)
            await proxy.AskOnce("/sick");
        Assert.Equal(1, await proxy.Metric(BEjected));
        await a.DisposeAsync();

        // a refuses now: the only other one is b, which is left out until nobody else takes requests.
        await proxy.Reload(text => text.Replace("name = \"a\"", "name = \"a\"\nweight = 0", StringComparison.Ordinal));
        await Deadline.Until(async () => (await proxy.AskOnce()).Status == 200, () => "b to be asked again");
    }
}
