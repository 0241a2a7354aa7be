using System.Threading.Tasks;
using NativeProxy.Pressure;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Pressure;

public class ConnectionBudgetTests
{
    [Fact]
    public void Room_EndsAtTheLimitAndComesBack()
    {
        var budget = new ConnectionBudget();
        budget.SetLimits(connectionsMax: 2, socketsMax: 0);
        budget.Take();
        Assert.True(budget.HasRoom);
        budget.Take();
        Assert.False(budget.HasRoom);

        budget.GiveBack();

        Assert.True(budget.HasRoom);
    }

    [Fact]
    public void RoomAgain_IsToldOnlyWhenThereWasNone()
    {
        int told = 0;
        var budget = new ConnectionBudget { RoomAgain = () => told++ };
        budget.SetLimits(connectionsMax: 2, socketsMax: 0);
        budget.Take();
        budget.GiveBack();
        Assert.Equal(0, told);
        budget.Take();
        budget.Take();

        budget.GiveBack();
        budget.GiveBack();

        Assert.Equal(1, told);
    }

    [Theory]
    [InlineData(100, 0, 100)]
    [InlineData(100, 200, 100)]
    [InlineData(100, 199, 99)]
    [InlineData(100, 41, 20)]
    [InlineData(100, 1, 1)]
    [Trait("promise", "B14")]
    public void Clients_AreNoMoreThanThereArePairsOfDescriptors(int connectionsMax, int socketsMax, int expected)
    {
        var budget = new ConnectionBudget();

        budget.SetLimits(connectionsMax, socketsMax);

        Assert.Equal(expected, budget.ConnectionsMax);
    }

    /// <summary>What is going away still has its descriptor: who is accepted before would find none for itself or its server.</summary>
    [Fact]
    [Trait("promise", "B14")]
    public async Task WhileSocketsGoAway_NobodyIsAccepted_ButNothingElseHoldsAnybodyUp()
    {
        using var test = new LoopUnderTest(isEpoll: true);
        EventLoop loop = test.Loop;
        int told = 0;
        var budget = new ConnectionBudget(loop) { RoomAgain = () => told++ };
        budget.SetLimits(connectionsMax: 100, socketsMax: 4);
        await test.Run(() =>
        {
            loop.Sockets.AfterClose = budget.SocketClosed;
            for (int i = 0; i < 4; i++)
                loop.Sockets.Opened();
            Assert.True(budget.HasRoom && budget.IsOutOfSockets);

            loop.Sockets.Closing();
            Assert.False(budget.HasRoom || budget.IsOutOfSockets);

            loop.Sockets.Opened();
            Assert.False(budget.HasRoom);

            loop.Sockets.Closed();
            Assert.True(budget.HasRoom && budget.IsOutOfSockets);
            Assert.Equal(1, told);

            loop.Sockets.Closing();
            loop.Sockets.Closed();
            Assert.Equal(2, told);

            loop.Sockets.Closing();
            loop.Sockets.Closed();
            Assert.Equal(2, told);
        });
    }
}
