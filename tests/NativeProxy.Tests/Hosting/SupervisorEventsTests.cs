using System.Threading.Tasks;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class SupervisorEventsTests
{
    private readonly SupervisorEvents _events = new();

    [Fact]
    public void Events_ComeInOrder()
    {
        _events.Put(new SupervisorEvent.ChildEnded(1, 0));
        _events.Put(new SupervisorEvent.ChildEnded(2, 0));

        Assert.Equal(new SupervisorEvent.ChildEnded(1, 0), _events.Next(long.MaxValue));
        Assert.Equal(new SupervisorEvent.ChildEnded(2, 0), _events.Next(long.MaxValue));
        Assert.Null(_events.Next(SupervisorEvents.NowMs));
    }

    /// <summary>A flood of signals is no flood of work.</summary>
    [Fact]
    public void WishThatWaitsAlready_IsNotPutInTwice_AndCanComeAgainAfterwards()
    {
        for (int i = 0; i < 1000; i++)
        {
            _events.Put(new SupervisorEvent.Wished(OperatorWish.Reload));
            _events.Put(new SupervisorEvent.Wished(OperatorWish.ReopenLogs));
        }

        Assert.Equal(new SupervisorEvent.Wished(OperatorWish.Reload), _events.Next(long.MaxValue));
        Assert.Equal(new SupervisorEvent.Wished(OperatorWish.ReopenLogs), _events.Next(long.MaxValue));
        Assert.Null(_events.Next(SupervisorEvents.NowMs));
        _events.Put(new SupervisorEvent.Wished(OperatorWish.Reload));
        Assert.NotNull(_events.Next(SupervisorEvents.NowMs));
    }

    [Fact]
    public async Task WhoeverWaits_IsWokenByAnEvent()
    {
        Task<SupervisorEvent?> waiting = Task.Run(() => _events.Next(long.MaxValue));
        _events.Put(new SupervisorEvent.HealthChanged());

        Assert.Equal(new SupervisorEvent.HealthChanged(), await waiting.WaitAsync(LoopUnderTest.Deadline));
    }

    [Fact]
    public void WaitWithoutAnEvent_EndsAtItsTime()
    {
        long untilMs = SupervisorEvents.NowMs + 20;

        Assert.Null(_events.Next(untilMs));

        Assert.InRange(SupervisorEvents.NowMs, untilMs, long.MaxValue);
    }
}
