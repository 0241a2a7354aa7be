using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>Unix sockets that are listened on.</summary>
public sealed class UnixSocketRulesTests
{
    private const string Bind = "\"127.0.0.1:8080\"";

    [Theory]
    [InlineData("unix:/run/web.sock", "")]
    [InlineData("unix:/run/a-1:2", "has a character in its path that cannot stand there")]
    [InlineData("unix:web.sock", "has no absolute path of a socket")]
    [InlineData("unix:/run/", "has no absolute path of a socket")]
    [InlineData("unix:/run/web sock", "has a character in its path that cannot stand there")]
    public void Paths_AreJudged(string address, string problem) => Assert.Equal(
        problem.Length == 0 ? [] : [$"3: the address \"{address}\" {problem}"],
        SettingsTrial.Problems(SettingsTrial.Minimal.Replace(Bind, $"\"{address}\"", StringComparison.Ordinal)));

    [Fact]
    public void PathThatIsListenedOn_LeavesRoomForTheNameBeforeIt()
    {
        string longest = "unix:/" + new string('a', 98);
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.Minimal.Replace(Bind, $"\"{longest}\"", StringComparison.Ordinal)));
        Assert.EndsWith("has a path that is too long (at most 99 characters)",
            Assert.Single(SettingsTrial.Problems(SettingsTrial.Minimal.Replace(Bind, $"\"{longest}a\"", StringComparison.Ordinal))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void OneSocket_IsListenedOnOnce() => Assert.Equal(
        ["3: the address \"unix:/run/a\" is bound twice"],
        SettingsTrial.Problems(SettingsTrial.Minimal.Replace(Bind, "\"unix:/run/a\", \"unix:/run/a\"", StringComparison.Ordinal)));

    [Theory]
    [InlineData("unix.mode = \"0600\"", true, "")]
    [InlineData("unix.mode = \"666\"", true, "")]
    [InlineData("unix.mode = \"0888\"", true, "\"0888\" are no permissions of a socket")]
    [InlineData("unix.mode = \"4755\"", true, "\"4755\" are no permissions of a socket")]
    [InlineData("unix.mode = \"\"", true, "\"\" are no permissions of a socket")]
    [InlineData("unix.user = \"www-data\"", true, "")]
    [InlineData("unix.user = \"a b\"", true, "\"a b\" cannot be the name of a user")]
    [InlineData("unix.group = \"../x\"", true, "\"../x\" cannot be the name of a group")]
    [InlineData("unix.mode = \"0600\"", false, "[listener.unix] is for a listener that binds a Unix socket")]
    [InlineData("unix.mode = \"0660\"", false, "")]
    public void WhoMayConnect_IsSaidSoundly(string line, bool hasSocket, string problem)
    {
        string toml = SettingsTrial.WithListener(line);
        if (hasSocket)
            toml = toml.Replace(Bind, "\"unix:/run/a\"", StringComparison.Ordinal);
        Assert.Equal(problem.Length == 0 ? [] : [problem],
            SettingsTrial.Problems(toml).Select(static text => text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
    }
}
