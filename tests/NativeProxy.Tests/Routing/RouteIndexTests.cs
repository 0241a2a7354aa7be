using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Routing;

/// <summary>Which route takes a request: each condition with what it takes and what it does not, and the order of the file.</summary>
public class RouteIndexTests
{
    [Theory]
    [InlineData("host = [\"b.example\"]", "b.example", true)]
    [InlineData("host = [\"b.example\"]", "B.Example:8080", true)]
    [InlineData("host = [\"b.example\"]", "b.example.", true)]
    [InlineData("host = [\"b.example\"]", "xb.example", false)]
    [InlineData("host = [\"b.example\"]", "b.example.org", false)]
    [InlineData("host = [\"*.b.example\"]", "x.b.example", true)]
    [InlineData("host = [\"*.b.example\"]", "x.y.b.example", true)]
    [InlineData("host = [\"*.b.example\"]", "b.example", false)]
    [InlineData("host = [\"*.b.example\"]", "xb.example", false)]
    [InlineData("host = [\"a\", \"*.c\", \"d\"]", "x.c", true)]
    [InlineData("host = [\"a\", \"*.c\", \"d\"]", "c", false)]
    [InlineData("host = [\"[::1]\"]", "[::1]:80", true)]
    public void Host_IsComparedWithoutCasePortAndDot(string condition, string host, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of(condition).Find("/", host));

    [Theory]
    [InlineData("path = [\"/login\"]", "/login", true)]
    [InlineData("path = [\"/login\"]", "/login?next=/x", true)]
    [InlineData("path = [\"/login\"]", "/login/", false)]
    [InlineData("path = [\"/login\"]", "/login2", false)]
    [InlineData("path = [\"/\"]", "/", true)]
    [InlineData("path = [\"/\"]", "/x", false)]
    [InlineData("path_prefix = [\"/api\"]", "/api", true)]
    [InlineData("path_prefix = [\"/api\"]", "/api/v1/x", true)]
    [InlineData("path_prefix = [\"/api\"]", "/api?x", true)]
    [InlineData("path_prefix = [\"/api\"]", "/apiary", false)]
    [InlineData("path_prefix = [\"/api\"]", "/API/x", false)]
    [InlineData("path_prefix = [\"/api/\"]", "/api", true)]
    [InlineData("path_prefix = [\"/api/\"]", "/apiary", false)]
    [InlineData("path_prefix = [\"/\"]", "/anything", true)]
    [InlineData("path_prefix = [\"/pp/.\"]", "/pp/x", true)]
    [InlineData("path_prefix = [\"/a%2db\"]", "/a-b/c", true)]
    [InlineData("path_prefix = [\"/admin\"]\nignore_case = true", "/ADMIN/x", true)]
    [InlineData("path_prefix = [\"/admin\"]\nignore_case = true", "/administer", false)]
    [InlineData("path_regex = ['^/user/[0-9]+$']", "/user/42?x", true)]
    [InlineData("path_regex = ['^/user/[0-9]+$']", "/user/42/edit", false)]
    [InlineData("path_regex = ['\\.(png|css)$']", "/a/b.css", true)]
    [InlineData("path_regex = ['\\.(png|css)$']", "/x.png/y", false)]
    [InlineData("path_regex = ['^/[]$]+$']", "/]$", true)]
    [InlineData("path_regex = ['^/[]$]+$']", "/x", false)]
    [InlineData("path_regex = ['^/[^]$]+$']", "/x", true)]
    [InlineData("path_regex = ['^/[^]$]+$']", "/]", false)]
    [InlineData("path_regex = ['^/[$]+$']", "/$$", true)]
    [InlineData("path_regex = ['^/\\$\\[$']", "/$[", true)]
    [InlineData("path_prefix = [\"/b\"]\npath_regex = ['\\.php$']", "/b/c.php", true)]
    [InlineData("path_prefix = [\"/b\"]\npath_regex = ['\\.php$']", "/b/c", false)]
    [InlineData("path_prefix = [\"/b\"]\npath_regex = ['\\.php$']", "/a/c.php", false)]
    [InlineData("path = [\"/a\", \"/b/c\"]\npath_prefix = [\"/b\"]", "/b/c", true)]
    [InlineData("path = [\"/a\", \"/b/c\"]\npath_prefix = [\"/b\"]", "/a", false)]
    public void Path_IsComparedWholeOrBySegmentsOrSearched(string condition, string target, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of(condition).Find(target));

    [Theory]
    [InlineData("X-Beta = \"1\"", "X-Beta: 1", true)]
    [InlineData("X-Beta = \"1\"", "x-beta: 11", false)]
    [InlineData("X-Beta = \"1\"", "X-Beta: 2|X-Beta: 1", true)]
    [InlineData("X-Beta = [\"1\", \"2\"]", "X-Beta: 2", true)]
    [InlineData("X-Beta = true", "X-Beta: anything", true)]
    [InlineData("X-Beta = true", "X-Other: 1", false)]
    [InlineData("X-Beta = false", "X-Other: 1", true)]
    [InlineData("X-Beta = false", "X-Beta: ", false)]
    [InlineData("X-Beta = { prefix = \"ab\" }", "X-Beta: abc", true)]
    [InlineData("X-Beta = { prefix = \"ab\" }", "X-Beta: cab", false)]
    [InlineData("X-Beta = { suffix = \"bc\" }", "X-Beta: abc", true)]
    [InlineData("X-Beta = { contains = \"Mobile\" }", "X-Beta: a (Mobile) b", true)]
    [InlineData("X-Beta = { regex = '^v[0-9]+$' }", "X-Beta: v12", true)]
    [InlineData("X-Beta = { regex = '^v[0-9]+$' }", "X-Beta: 12", false)]
    public void HeaderField_IsLookedAtInEveryLine(string condition, string lines, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of($"header = {{ {condition} }}").Find("/", lines: lines.Split('|')));

    [Theory]
    [InlineData("v = \"2\"", "/x?v=2", true)]
    [InlineData("v = \"2\"", "/x?a=1&v=2&c=3", true)]
    [InlineData("v = \"2\"", "/x?v=1&v=2", true)]
    [InlineData("v = \"2\"", "/x?%76=%32", true)]
    [InlineData("v = \"2\"", "/x?v=22", false)]
    [InlineData("v = \"2\"", "/x?av=2", false)]
    [InlineData("v = \"2\"", "/x", false)]
    [InlineData("v = true", "/x?v", true)]
    [InlineData("v = \"a b\"", "/x?v=a+b", true)]
    [InlineData("v = \"a+b\"", "/x?v=a+b", true)]
    [InlineData("v = { regex = '^[a-z]+$' }", "/x?v=abc", true)]
    [InlineData("v = { regex = '^[a-z]+$' }", "/x?v=abc%0a", false)]
    [InlineData("v = false", "/x?w=1", true)]
    [InlineData("v = false", "/x?w=1&v", false)]
    public void QueryParameter_IsDecodedAndLookedAtInEveryPlace(string condition, string target, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of($"query = {{ {condition} }}").Find(target));

    [Theory]
    [InlineData("beta = \"yes\"", "Cookie: a=1; beta=yes; c=3", true)]
    [InlineData("beta = \"yes\"", "Cookie: a=1|Cookie: beta=yes", true)]
    [InlineData("beta = \"yes\"", "Cookie: xbeta=yes", false)]
    [InlineData("beta = \"yes\"", "Cookie: a=beta=yes", false)]
    [InlineData("beta = false", "Cookie: a=1", true)]
    public void Cookie_IsLookedAtInEveryField(string condition, string lines, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of($"cookie_is = {{ {condition} }}").Find("/", lines: lines.Split('|')));

    [Theory]
    [InlineData("POST", true)]
    [InlineData("PUT", true)]
    [InlineData("GET", false)]
    [InlineData("post", false)]
    public void Method_IsComparedWithItsCase(string method, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of("method = [\"POST\", \"PUT\"]").Find("/", method: method));

    [Theory]
    [InlineData("192.0.2.255", true)]
    [InlineData("192.0.3.1", false)]
    [InlineData("2001:db8::1", true)]
    [InlineData("2001:db9::1", false)]
    public void Source_IsTheNetworkOfTheClient(string client, bool isTaken) =>
        Assert.Equal(isTaken ? 0 : -1, RouteTrial.Of("source = [\"192.0.2.0/24\", \"2001:db8::/32\"]").Find("/", client: client));

    [Fact]
    public void FirstInTheFile_TakesTheRequest_NotTheLongest()
    {
        RouteTrial trial = RouteTrial.Of("path_prefix = [\"/api\"]", "path_prefix = [\"/api/v2\"]", "path_regex = ['^/api']");
        Assert.Equal(0, trial.Find("/api/v2/x"));
        RouteTrial other = RouteTrial.Of("path_regex = ['2']", "host = [\"*.b\"]", "host = [\"www.b\"]\npath_prefix = [\"/x\"]", "path = [\"/x/y\"]");
        Assert.Equal((object)1, other.Find("/x", "www.b"));
        Assert.Equal((object)0, other.Find("/x2", "www.b"));
        Assert.Equal((object)3, other.Find("/x/y", "c"));
    }

    /// <summary>The second host has the number of the first: made so, which takes seconds.</summary>
    [Fact]
    public void HostWithTheNumberOfAnother_TakesItsOwnRoute()
    {
        RouteTrial trial = RouteTrial.Of("host = [\"api.other.org\"]", "host = [\"*.deny.org\"]");
        Assert.Equal(0, trial.Find("/", "api.other.org"));
        Assert.Equal(1, trial.Find("/", "r0mvqh982cdgfgnqanzu9ycz.deny.org"));
    }

    [Fact]
    public void AllConditions_MustHold()
    {
        RouteTrial trial = RouteTrial.Of("host = [\"b\"]\npath_prefix = [\"/api\"]\nmethod = [\"POST\"]");
        Assert.Equal(0, trial.Find("/api", "b", "POST"));
        Assert.Equal(-1, trial.Find("/api", "b"));
        Assert.Equal(-1, trial.Find("/api", "a", "POST"));
        Assert.Equal(-1, trial.Find("/", "b", "POST"));
    }

    [Fact]
    public void AbsoluteTarget_IsRoutedByItsOwnHost() =>
        Assert.Equal(0, RouteTrial.Of("host = [\"b.example\"]\npath = [\"/x\"]").Find("http://b.example/x", host: "a.example"));

    [Fact]
    public void TargetWithoutAPath_TakesNoRouteThatWantsOne()
    {
        RouteTrial trial = RouteTrial.Of("path_prefix = [\"/\"]", "method = [\"OPTIONS\"]");
        Assert.Equal(1, trial.Find("*", method: "OPTIONS"));
        Assert.Equal(0, trial.Find("http://a?x", method: "OPTIONS"));
    }

    /// <summary>By hosts and paths of many kinds: the index finds what looking at each route in turn would find.</summary>
    [Fact]
    public void ManyRoutes_AreFoundAsOneByOne()
    {
        var random = new Random(5);
        string[] hosts = ["a", "b.a", "c.b.a", "*.a", "*.b.a", "d"];
        string[] paths = ["/", "/x", "/x/y", "/x/y/z", "/y", "/z/z/z/z"];
        for (int round = 0; round < 30; round++)
        {
            string[] routes = [.. Enumerable.Range(0, random.Next(1, 25)).Select(_ => Route())];
            RouteTrial all = RouteTrial.Of(routes);
            RouteTrial[] single = [.. routes.Select(RouteTrial.Of)];
            foreach (string host in new[] { "a", "b.a", "c.b.a", "x.c.b.a", "x.a", "d", "e" })
            {
                foreach (string path in new[] { "/", "/x", "/x/", "/x/y", "/x/y/z/w", "/y/x", "/z/z/z/z/z", "/xy" })
                    Assert.Equal(Array.FindIndex(single, one => Equals(one.Find(path, host), 0)), all.Find(path, host));
            }
        }

        string Route()
        {
            var lines = new List<string>();
            if (random.Next(3) > 0)
                lines.Add($"host = [\"{hosts[random.Next(hosts.Length)]}\", \"{hosts[random.Next(hosts.Length)]}\"]");
            if (random.Next(3) > 0)
                lines.Add($"{(random.Next(2) == 0 ? "path" : "path_prefix")} = [\"{paths[random.Next(paths.Length)]}\"]");
            if (random.Next(4) == 0)
                lines.Add("path_regex = ['[yz]$']");
            return string.Join('\n', lines);
        }
    }

    [Fact]
    public void DeepPaths_AreFoundLikeOthers()
    {
        string deep = string.Concat(Enumerable.Repeat("/s", 60));
        RouteTrial trial = RouteTrial.Of($"path_prefix = [\"{deep}\"]", "path_prefix = [\"/s/s\"]");
        Assert.Equal(0, trial.Find(deep + "/t"));
        Assert.Equal(1, trial.Find("/s/s/t"));
    }

    [Fact]
    public void Finding_AllocatesNothing()
    {
        RouteTrial trial = RouteTrial.Of("host = [\"*.b\"]\npath_prefix = [\"/x\"]", "path_regex = ['^/y+$']", "query = { a = \"1\" }");
        Assert.Equal(1, trial.Find("/yyy?a=1"));
        Assert.Equal(0, trial.AllocatedBy("/yyy?a=2", rounds: 100));
    }
}
