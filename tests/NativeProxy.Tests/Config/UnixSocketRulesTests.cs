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

    /// <summary>The operator's endpoint takes the same addresses and the same table.</summary>
    [Theory]
    [InlineData("bind = \"unix:/run/admin.sock\"", "")]
    [InlineData("bind = \"unix:/run/admin.sock\"\nunix.mode = \"0600\"\nunix.group = \"ops\"", "")]
    [InlineData("bind = \"unix:/run/admin.sock\"\nunix.mode = \"0999\"", "\"0999\" are no permissions of a socket")]
    [InlineData("bind = \"unix:/run/admin.sock\"\nunix.user = \"a b\"", "\"a b\" cannot be the name of a user")]
    [InlineData("bind = \"unix:/run/\"", "has no absolute path of a socket")]
    [InlineData("bind = \"unix:admin.sock\"", "has no absolute path of a socket")]
    [InlineData("bind = \"127.0.0.1:9901\"\nunix.mode = \"0600\"", "[admin.unix] is for an admin endpoint that binds a Unix socket")]
    public void AdminEndpoint_MayBindAUnixSocket(string lines, string problem)
    {
        string[] problems = SettingsTrial.Problems(SettingsTrial.Minimal + $"\n[admin]\n{lines}\n");
        if (problem.Length == 0)
            Assert.Empty(problems);
        else
            Assert.Contains(problem, Assert.Single(problems), StringComparison.Ordinal);
    }
}
