using System.IO;
using NativeProxy.Config;
using NativeProxy.Routing;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Routing;

/// <summary>One rule for all that say the same, another one for whoever says something else, and all anew for the next load.</summary>
public sealed class SharedRulesTests
{
    private static readonly BasicAuthSettings Login = new()
    {
        Realm = "r", Users = [new NamedText("alice", "hash")], UsersFile = "", UserHeader = "",
    };

    private static readonly CompressionSettings Compression = new() { Algorithms = [CompressionKind.Gzip], Types = ["text/*", "a/b"] };

    [Fact]
    public void SameSettings_AreOneRule()
    {
        var rules = new SharedRules();
        Assert.Same(rules.LoginBy(Login), rules.LoginBy(Login with { Users = [new NamedText("alice", "hash")] }));
        Assert.Same(rules.CompressionBy(Compression), rules.CompressionBy(Compression with { Types = ["text/*", "a/b"] }));
        Assert.NotSame(rules.LoginBy(Login), new SharedRules().LoginBy(Login));
    }

    [Fact]
    public void AnotherLogin_IsAnotherRule()
    {
        var rules = new SharedRules();
        BasicAuthSettings[] others =
        [
            Login with { Realm = "s" }, Login with { UserHeader = "X-User" }, Login with { Forward = true }, Login with { UsersFile = "/nowhere" },
            Login with { Users = [new NamedText("alice", "other")] }, Login with { Users = [new NamedText("aliceh", "ash")] },
            Login with { Users = [new NamedText("alice", "hash"), new NamedText("bob", "hash")] },
        ];
        Assert.All(others, other => Assert.NotSame(rules.LoginBy(Login), rules.LoginBy(other)));
    }

    [Fact]
    public void AnotherCompression_IsAnotherRule()
    {
        var rules = new SharedRules();
        CompressionSettings[] others =
        [
            Compression with { MinBytes = 1 }, Compression with { Types = ["text/*"] }, Compression with { Types = ["text/*a", "/b"] },
            Compression with { Types = default },
        ];
        Assert.All(others, other => Assert.NotSame(rules.CompressionBy(Compression), rules.CompressionBy(other)));
    }

    /// <summary>A file that has gone since proves that it was read the first time only.</summary>
    [Fact]
    public void FileOfUsers_IsReadOnceForAllRoutes()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "alice:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n");
        PolicySettings[] policies = [new() { Name = "staff", BasicAuth = Login with { Users = [], UsersFile = path } }];
        ListenerSettings listener = SettingsTrial.Parse(SettingsTrial.WithListener("policies = [\"staff\"]\n") + "[[policy]]\nname = \"staff\"\n")
            .Settings.Listeners[0];
        var shared = new SharedRules();

        var first = new RouteModifiers(listener, [.. policies], default, shared);
        Assert.False(first.Login!.Users.IsEmpty);
        File.Delete(path);
        var second = new RouteModifiers(listener, [.. policies], new NamedRoute("two", default), shared);

        Assert.Same(first.Login, second.Login);
    }
}
