using System;
using System.Globalization;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The clock of the day is set while the proxy runs: log lines follow it, connections and their timers do not.</summary>
public sealed class ClockStepTests
{
    [SteppedClockTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ClockThatIsSet_EndsNoConnectionAndNoWait(int workers)
    {
        using var clock = new SteppedClock();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Listener("keepalive.timeout = \"60s\"", "timeouts.request_body = \"60s\"").StartedThrough(clock.Script));
        await using RawClient kept = await proxy.Connect();
        Assert.Equal(200, (await kept.Ask("/before")).Status);
        await using RawClient slow = await proxy.Connect();
        await slow.Send("POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");

        foreach (int hours in (int[])[2, -2, 240, -240])
        {
            clock.Set(TimeSpan.FromHours(hours));
            await slow.Send("x");
            int asked = 0;

            // A loop looks at the clock of the day now and then.
            await Deadline.Until(
                async () =>
                {
                    string path = $"/{hours}/{++asked}";
                    Assert.Equal(200, (await kept.Ask(path)).Status);
                    TimeSpan off = TimeOf(await proxy.Output.WaitFor($"GET {path} ")) - (DateTime.UtcNow + TimeSpan.FromHours(hours));
                    return off.Duration() < TimeSpan.FromMinutes(10);
                },
                () => "a line of that time");
        }
        await slow.Send("x");
        Assert.Equal(200, (await slow.ReadResponse()).Status);
        await proxy.Reload(static toml => toml + "\n");
        Assert.Equal(200, (await kept.Ask("/after")).Status);
        Assert.Equal(0, await proxy.MetricSum("nativeproxy_timeouts_total"));
    }

    private static DateTime TimeOf(string line) => DateTime.ParseExact(
        line.Split('[', ']')[1], "dd/MMM/yyyy:HH:mm:ss.fff", CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
