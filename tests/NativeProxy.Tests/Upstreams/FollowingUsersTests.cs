using System.Linq;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class FollowingUsersTests
{
    [Fact]
    public void UsersAreTakenInTheirOrder_HoweverOftenTheLineGoesRound()
    {
        var users = new FollowingUsers();
        RecordingUser[] all = [.. Enumerable.Range(0, 100).Select(_ => new RecordingUser())];
        for (int i = 0; i < all.Length; i += 4)
        {
            for (int j = i; j < i + 4; j++)
                users.Add(all[j]);
            Assert.Equal(4, users.Count);
            for (int j = i; j < i + 4; j++)
                Assert.Same(all[j], users.Take());
        }
        Assert.Equal(0, users.Count);
        Assert.Null(users.Take());
    }

    [Fact]
    public void AUserThatLeft_KeepsItsPlace_SoThatItsAnswerIsNobodyElses()
    {
        var users = new FollowingUsers();
        RecordingUser first = new(), second = new(), third = new();
        users.Add(first);
        users.Add(second);
        users.Add(third);
        users.Remove(second);
        Assert.Equal(3, users.Count);
        Assert.Same(first, users.Take());
        Assert.Same(third, users.Take());
        Assert.Null(users.Take());
    }

    [Fact]
    public void TheLineHoldsAsManyAsASettingMayAllow()
    {
        var users = new FollowingUsers();
        RecordingUser[] all = [.. Enumerable.Range(1, FollowingUsers.PipeliningMax - 1).Select(_ => new RecordingUser())];
        foreach (RecordingUser user in all)
            users.Add(user);
        foreach (RecordingUser user in all)
            Assert.Same(user, users.Take());
    }
}
