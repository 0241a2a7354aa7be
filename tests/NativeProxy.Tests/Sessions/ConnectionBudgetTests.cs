using NativeProxy.Sessions;
using Xunit;

namespace NativeProxy.Tests.Sessions;

public class ConnectionBudgetTests
{
    [Fact]
    public void Room_EndsAtTheLimitAndComesBack()
    {
        var budget = new ConnectionBudget { ConnectionsMax = 2 };
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
        var budget = new ConnectionBudget { ConnectionsMax = 2, RoomAgain = () => told++ };
        budget.Take();
        budget.GiveBack();
        Assert.Equal(0, told);
        budget.Take();
        budget.Take();

        budget.GiveBack();
        budget.GiveBack();

        Assert.Equal(1, told);
    }
}
