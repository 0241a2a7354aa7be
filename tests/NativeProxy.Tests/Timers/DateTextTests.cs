using System.Text;
using NativeProxy.Tests.Simulation;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Timers;

/// <summary>On simulated time, which begins with the year 2024.</summary>
public class DateTextTests
{
    [Fact]
    public void Now_IsAnImfFixdate_AndFollowsTheClockFromSecondToSecond()
    {
        var time = new SimulatedTime();
        var clock = new LoopClock(time);
        var date = new DateText(clock);
        string At(long nowMs)
        {
            time.MoveTo(nowMs);
            clock.Refresh();
            return Encoding.ASCII.GetString(date.Now);
        }

        Assert.Equal("Mon, 01 Jan 2024 00:00:00 GMT", At(0));
        Assert.Equal("Mon, 01 Jan 2024 00:00:00 GMT", At(999));
        Assert.Equal("Mon, 01 Jan 2024 00:00:01 GMT", At(1000));
        Assert.Equal("Thu, 29 Feb 2024 12:34:56 GMT", At((((59L * 24) + 12) * 3600 + (34 * 60) + 56) * 1000));
    }

    [Fact]
    public void Now_IsFormattedOncePerSecond()
    {
        var clock = new LoopClock(new SimulatedTime());
        var date = new DateText(clock);
        byte[] first = date.Now;
        first[0] = (byte)'x';

        Assert.Equal((byte)'x', date.Now[0]);
        Assert.Equal(DateText.Bytes, first.Length);
    }
}
