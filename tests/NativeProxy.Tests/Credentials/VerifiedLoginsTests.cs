using System;
using NativeProxy.Config;
using NativeProxy.Credentials;
using Xunit;

namespace NativeProxy.Tests.Credentials;

public class VerifiedLoginsTests
{
    private const long LifeMs = 5 * 60 * 1000;

    [Fact]
    public void Login_IsKnownForItsTime()
    {
        var logins = new VerifiedLogins();
        logins.Add(Key(1, 2), nowMs: 1000);
        Assert.True(logins.Contains(Key(1, 2), 1000 + LifeMs - 1));
        Assert.False(logins.Contains(Key(1, 2), 1000 + LifeMs));
        Assert.False(logins.Contains(Key(1, 3), 1000));
    }

    [Fact]
    public void NothingIsKnownAtFirst() => Assert.False(new VerifiedLogins().Contains(new byte[VerifiedLogins.KeyBytes], nowMs: 0));

    [Fact]
    public void OldestOfASet_GivesWay()
    {
        var logins = new VerifiedLogins();
        for (byte i = 1; i <= 5; i++)
            logins.Add(Key(7, i), nowMs: i);
        Assert.False(logins.Contains(Key(7, 1), nowMs: 6));
        for (byte i = 2; i <= 5; i++)
            Assert.True(logins.Contains(Key(7, i), nowMs: 6));
    }

    [Fact]
    public void SumOfATable_SaysItsUsers()
    {
        var table = new UserTable([new NamedText("a", "h1"), new NamedText("b", "h2")]);
        Assert.True(table.Sum.SequenceEqual(new UserTable([new NamedText("a", "h1"), new NamedText("b", "h2")]).Sum));
        Assert.False(table.Sum.SequenceEqual(new UserTable([new NamedText("a", "h1"), new NamedText("b", "h3")]).Sum));
        Assert.Equal(("h1", true), (table.HashOf("a"u8, out bool isKnown), isKnown));
        Assert.Equal(("h2", false), (table.HashOf("A"u8, out isKnown), isKnown));
    }

    private static byte[] Key(byte set, byte rest)
    {
        byte[] key = new byte[VerifiedLogins.KeyBytes];
        (key[0], key[^1]) = (set, rest);
        return key;
    }
}
