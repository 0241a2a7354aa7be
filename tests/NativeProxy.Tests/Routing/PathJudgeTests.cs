using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Routing;

/// <summary>What was matched is what is sent, and no other reading of a path leads around a route.</summary>
public class PathJudgeTests
{
    private const string Admin = "[[route]]\npath_prefix = [\"/admin\"]\nupstream = \"app\"\n";

    [Theory]
    [InlineData("/admin/x", 0, "")]
    [InlineData("/%61dmin/x?a=%61", 0, "/admin/x?a=%61")]
    [InlineData("//admin", 0, "/admin")]
    [InlineData("/x/../admin/./y", 0, "/admin/y")]
    [InlineData("/x/%2e%2e/admin", 0, "/admin")]
    [InlineData("/admin/..", -1, "/")]
    [InlineData("/admin/%2e", 0, "/admin/")]
    [InlineData("http://a.example//admin?", 0, "/admin?")]
    [InlineData("/b?x=/../admin", -1, "")]
    [InlineData("/admin//../b;x", -1, "/b;x")]
    [InlineData("/admin/%61;b", 0, "/admin/a;b")]
    public void NormalPath_IsMatchedAndSent(string target, int route, string sent)
    {
        var trial = new RouteTrial(Admin);
        Assert.Equal((route, sent), (trial.Find(target), trial.SentTarget));
    }

    /// <summary>It is "/", or "*" for OPTIONS (RFC 9112 3.2.4).</summary>
    [Fact]
    public void EmptyPath_IsMatchedAsTheRoot_AndLeftToTheMethod()
    {
        var trial = new RouteTrial("[[route]]\npath = [\"/\"]\nupstream = \"app\"\n");
        Assert.Equal((0, ""), (trial.Find("http://a.example", method: "OPTIONS"), trial.SentTarget));
        Assert.Equal((0, ""), (trial.Find("http://a.example?x"), trial.SentTarget));
    }

    [Theory]
    [InlineData("/x/..%2fadmin")]
    [InlineData("/x%2f%2e%2e%2fadmin")]
    [InlineData("/admin%2fx")]
    [InlineData("/admin;v=1/x")]
    [InlineData("/x\\..\\admin")]
    [InlineData("/x/..%5cadmin")]
    [InlineData("/admin%20")]
    [InlineData("/admin.")]
    [InlineData("/admin%00x")]
    [InlineData("/x/..;/admin")]
    [InlineData("/x/..%20/admin")]
    [InlineData("/admin.%2f;%2f..%2fsecret")]
    [InlineData("/a%00%2f..%2fadmin.%2fx")]
    [InlineData("/x%2F..%2Fadmin%2F%2F..%2Fsecret")]
    [InlineData("/x/..%2Fadmin%2Fy%5C..%5C..")]
    [InlineData("/x/..%2Fadmin/y\\..\\..")]
    [InlineData("/a%2F..%2Fadmin;%2F..%2Fy")]
    [InlineData("/admin../...")]
    [InlineData("/.;/admin%09..;/....;/")]
    [InlineData("/a%2F\\b%5Cc;d%3Be")]
    public void ReadingThatTakesAnotherRoute_RefusesThePath(string target) => Assert.Equal("ambiguous_path", new RouteTrial(Admin).Find(target));

    [Theory]
    [InlineData("/api/projects/group%2Fname", -1)]
    [InlineData("/a/b;jsessionid=1?x=/admin", -1)]
    [InlineData("/a..b/c...", -1)]
    [InlineData("/x/%3B/y", -1)]
    [InlineData("/admin/a%2Fb", 0)]
    [InlineData("/group%2fname", -1)]
    public void ReadingsOfOneRoute_PassByteForByte(string target, int route)
    {
        var trial = new RouteTrial(Admin);
        Assert.Equal((route, ""), (trial.Find(target), trial.SentTarget));
    }

    /// <summary>What a path costs is bounded, however long it is.</summary>
    [Fact]
    public void LongPathWithManyReadings_IsRefused_AndOneWithFewIsNot()
    {
        var trial = new RouteTrial(Admin);
        Assert.Equal("ambiguous_path", trial.Find("/" + string.Concat(System.Linq.Enumerable.Repeat("a%2Fb.;x/", 300))));
        Assert.Equal(-1, trial.Find("/" + string.Concat(System.Linq.Enumerable.Repeat("a%2Fb/", 900))));
        Assert.Equal(-1, trial.Find("/" + string.Concat(System.Linq.Enumerable.Repeat("a%2Fb.;x/", 100))));
    }

    [Theory]
    [InlineData("/../admin")]
    [InlineData("/a/%2e%2e/..")]
    public void PathAboveTheRoot_IsRefused(string target) => Assert.Equal("path_above_root", new RouteTrial(Admin).Find(target));

    [Theory]
    [InlineData("/%u0061dmin")]
    [InlineData("/a%")]
    public void EscapeThatIsNone_IsRefused(string target) => Assert.Equal("bad_target", new RouteTrial(Admin).Find(target));

    [Theory]
    [InlineData("%64eny.example", "bad_host")]
    [InlineData("deny.example..", "bad_host")]
    [InlineData("a..deny.example", "bad_host")]
    [InlineData("deny.example.", 0)]
    [InlineData("other.example", -1)]
    public void HostThatServersMayReadAsAnother_IsRefused_WhereRoutesNameHosts(string host, object found)
    {
        Assert.Equal(found, RouteTrial.Of("host = [\"deny.example\"]").Find("/", host));
        Assert.Equal(-1, new RouteTrial(Admin).Find("/", host));
    }

    [Fact]
    public void Strict_RefusesWhatOnWouldChange()
    {
        var trial = new RouteTrial(Admin, PathNormalization.Strict);
        Assert.Equal("path_not_normal", trial.Find("/%61dmin"));
        Assert.Equal(0, trial.Find("/admin"));
    }

    [Fact]
    public void Off_MatchesAndSendsTheBytesThatCame()
    {
        var trial = new RouteTrial(Admin, PathNormalization.Off);
        Assert.Equal((-1, ""), (trial.Find("/%61dmin"), trial.SentTarget));
        Assert.Equal(-1, trial.Find("/x/..%2fadmin"));
        Assert.Equal(0, trial.Find("/admin//x"));
    }

    [Fact]
    public void Reject_RefusesEveryPathWithSeveralReadings_AndKeepNone()
    {
        Assert.Equal("ambiguous_path", new RouteTrial(Admin, ambiguous: AmbiguousPathPolicy.Reject).Find("/a%2Fb"));
        Assert.Equal(-1, new RouteTrial(Admin, ambiguous: AmbiguousPathPolicy.Keep).Find("/x/..%2fadmin"));
    }
}
