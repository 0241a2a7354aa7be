using System.Net;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>The limit of one worker alone; what several agree on is in <see cref="WorkersOnBoardTests"/>.</summary>
public class ServerLimitTests
{
    private readonly ServerStanding _standing = new(new IPEndPoint(IPAddress.Loopback, 1));
    private readonly ServerLoad _load = new("a");
    private readonly ServerLimit _limit;
    private int _roomAgain;

    public ServerLimitTests()
    {
        _standing.Apply(weight: 1, slot: null);
        _limit = new ServerLimit(null!, _standing, _load, new IdlePool()) { RoomAgain = () => _roomAgain++ };
    }

    [Fact]
    public void PlacesAreTaken_UntilThereAreNone_AndAgainWhenOneIsGivenBack()
    {
        _limit.Apply(connectionsMax: 2, slot: null);

        Assert.True(_limit.TryTakePlace());
        Assert.True(_limit.TryTakePlace());
        Assert.Equal((false, false, false, 2), (_limit.TryTakePlace(), _limit.HasRoom, _limit.LetsIn, _limit.OpenCount));
        _limit.GivePlaceBack();

        Assert.Equal((true, true, 1, 1), (_limit.HasRoom, _limit.LetsIn, _limit.OpenCount, _roomAgain));
        Assert.True(_limit.TryTakePlace());
    }

    [Fact]
    [Trait("promise", "B6")]
    public void ConnectionThatNobodyAskedFor_TakesAFreePlaceAndNoOther()
    {
        _limit.Apply(connectionsMax: 2, slot: null);

        Assert.True(_limit.TryTakePlaceAhead());
        Assert.True(_limit.TryTakePlaceAhead());
        Assert.Equal((false, 2), (_limit.TryTakePlaceAhead(), _limit.OpenCount));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(5, 0)]
    [Trait("promise", "B6")]
    public void ConnectionsThatNobodyAskedFor_AreAWorkersPartOfTheLimitAtMost(int workers, int expected)
    {
        var board = new ServersOnBoard("a1", workers: workers);
        _limit.Apply(connectionsMax: 4, board.Slot("a"));

        int count = 0;
        while (_limit.TryTakePlaceAhead())
            count++;

        Assert.Equal(expected, count);
        while (_limit.TryTakePlace())
            count++;
        Assert.Equal(4, count);
    }

    [Fact]
    public void NoLimit_CountsAndNeverRefuses()
    {
        for (int i = 0; i < 100; i++)
            Assert.True(_limit.TryTakePlace());

        Assert.Equal((100, true, true), (_limit.OpenCount, _limit.HasRoom, _limit.LetsIn));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void LimitOfAnOperator_ComesBeforeThatOfTheFile_UntilItIsTakenBack(int inFile)
    {
        var board = new ServersOnBoard("a1", $"max_connections = {inFile}");
        ServerSlot slot = board.Slot("a");
        _limit.Apply(inFile, slot);
        Assert.Equal((false, inFile), (_limit.FollowOperator(), _limit.ConnectionsMax));

        Assert.True(slot.Limit.TrySet(1));
        Assert.Equal((true, 1), (_limit.FollowOperator(), _limit.ConnectionsMax));
        Assert.True(_limit.TryTakePlace());
        Assert.Equal((false, false, false), (_limit.FollowOperator(), _limit.TryTakePlace(), _limit.HasRoom));
        _limit.Apply(inFile, slot);
        Assert.Equal(1, _limit.ConnectionsMax);

        Assert.Equal((true, false), (slot.Limit.TrySet(null), slot.Limit.TrySet(inFile)));
        Assert.Equal((true, inFile, true), (_limit.FollowOperator(), _limit.ConnectionsMax, _limit.TryTakePlace()));
        Assert.Equal(2, _limit.OpenCount);
    }

    [Fact]
    public void LowerLimit_RefusesUntilEnoughHaveEnded()
    {
        _limit.TryTakePlace();
        _limit.TryTakePlace();
        _limit.Apply(connectionsMax: 1, slot: null);

        Assert.False(_limit.TryTakePlace());
        _limit.GivePlaceBack();
        Assert.False(_limit.TryTakePlace());
        _limit.GivePlaceBack();
        Assert.True(_limit.TryTakePlace());
    }

    [Fact]
    public void WhoWaits_HopesForRoom_UnlessTheServerIsGone()
    {
        _limit.Apply(connectionsMax: 1, slot: null);
        Assert.Equal(QueueOutlook.Room, _limit.Outlook());
        _limit.TryTakePlace();
        Assert.Equal(QueueOutlook.Full, _limit.Outlook());
        _standing.Retire(leavesGroup: false);
        Assert.Equal(QueueOutlook.Useless, _limit.Outlook());
    }
}
