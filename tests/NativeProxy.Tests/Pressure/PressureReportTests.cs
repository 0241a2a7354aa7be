using System.Collections.Generic;
using NativeProxy.Pressure;
using Xunit;

namespace NativeProxy.Tests.Pressure;

[Trait("promise", "S1.9")]
public class PressureReportTests
{
    private static readonly PressureLevels Levels = new(Clients: 45, Sockets: 50, BufferPermille: 123);

    private readonly List<string> _lines = [];

    [Fact]
    public void BeginAndEnd_AreOneLineEach()
    {
        var report = new PressureReport("memory", _lines.Add);
        report.Update(isShort: false, Levels, nowMs: 0);
        Assert.Empty(_lines);

        report.Update(isShort: true, Levels, nowMs: 1000);
        report.Update(isShort: true, Levels, nowMs: 1100);
        report.Shed(clients: 3, servers: 2);
        report.Update(isShort: false, Levels, nowMs: 1200);
        report.Update(isShort: false, Levels, nowMs: 1100 + PressureReport.QuietMs);
        report.Update(isShort: false, Levels, nowMs: 900_000);

        Assert.Equal(
            [
                "pressure: this worker runs short of memory (45 client and 5 other connections, 12% of the buffers in use); idle connections are "
                    + "closed, oldest first",
                "pressure: this worker is no longer short of memory, which began 10 s ago; closed 3 idle client and 2 idle server connections",
            ],
            _lines);
    }

    [Fact]
    public void PressureThatComesAndGoes_IsOneStory()
    {
        var report = new PressureReport("memory", _lines.Add);
        for (int nowMs = 0; nowMs < 60_000; nowMs += 500)
            report.Update(isShort: nowMs % 1000 == 0, Levels, nowMs);

        Assert.Single(_lines);
    }

    [Fact]
    public void PressureAfterTheEnd_IsAnotherStory()
    {
        var report = new PressureReport("memory", _lines.Add);
        report.Update(isShort: true, Levels, nowMs: 0);
        report.Update(isShort: false, Levels, nowMs: PressureReport.QuietMs);

        report.Update(isShort: true, Levels, nowMs: PressureReport.QuietMs + 1);

        Assert.Equal(3, _lines.Count);
    }
}
