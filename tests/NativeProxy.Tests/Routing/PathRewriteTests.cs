using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Routing;

/// <summary>Which target a route sends, of the one that came.</summary>
public class PathRewriteTests
{
    [Theory]
    [InlineData("strip_prefix = \"/api\"", "/api/v1/x", "/v1/x")]
    [InlineData("strip_prefix = \"/api/\"", "/api/v1/x", "/v1/x")]
    [InlineData("strip_prefix = \"/api\"", "/api", "/")]
    [InlineData("strip_prefix = \"/api\"", "/api/", "/")]
    [InlineData("strip_prefix = \"/api\"", "/api?q", "/?q")]
    [InlineData("strip_prefix = \"/api\"", "/api/x?q=/api", "/x?q=/api")]
    [InlineData("strip_prefix = \"/api\"", "/apix", "/apix")]
    [InlineData("strip_prefix = \"/api\"", "/API/x", "/API/x")]
    [InlineData("strip_prefix = \"/api\"\nignore_case = true", "/API/x", "/x")]
    [InlineData("strip_prefix = \"/api\"", "/api/a%20b%2Bc%C3%A9%25", "/a%20b%2Bc%C3%A9%25")]
    [InlineData("strip_prefix = \"/api\"", "/api//evil.example/x", "/evil.example/x")]
    [InlineData("strip_prefix = \"/api\"", "/api/\\evil.example/x", "/evil.example/x")]
    [InlineData("strip_prefix = \"/api\"", "/api\\evil.example/x", "/api\\evil.example/x")]
    [InlineData("strip_prefix = \"/api\"", "http://other.example/api/x", "/x")]
    [InlineData("strip_prefix = \"/api\"", "http://other.example", "/")]
    [InlineData("strip_prefix = \"/api\"", "http://other.example?q", "/?q")]
    [InlineData("add_prefix = \"/v1\"", "/x?a=1", "/v1/x?a=1")]
    [InlineData("add_prefix = \"/v1/\"", "/", "/v1/")]
    [InlineData("strip_prefix = \"/a\"\nadd_prefix = \"/b\"", "/a/x", "/b/x")]
    [InlineData("replace_path = \"/index.html\"", "/x/y?a=1", "/index.html?a=1")]
    [InlineData("replace_path = \"/v{path}\"\nstrip_prefix = \"/a\"", "/a/x", "/v/x")]
    [InlineData("replace_path = \"/t/{query.tenant}\"", "/x?tenant=a%2Fb", "/t/a%2Fb?tenant=a%2Fb")]
    [InlineData("replace_path = \"/t/{query.tenant}\"", "/x?tenant=a/b?c", "/t/a%2Fb%3Fc?tenant=a/b?c")]
    [InlineData("replace_path = \"/t/{header.X-T}\"", "/x", "/t/a%20b%23%3F%2F%25%E9")]
    [InlineData("replace_path = \"/t/{cookie.c}/{method}/{host}\"", "/x", "/t/7/GET/a.example")]
    [InlineData("rewrite = { regex = \"^/user/([0-9]+)/(.*)$\", to = \"/u/{2}/{1}\" }", "/user/42/edit?x=1", "/u/edit/42?x=1")]
    [InlineData("rewrite = { regex = \"^/user/([0-9]+)$\", to = \"/u/{1}\" }", "/other", "/other")]
    [InlineData("rewrite = { regex = \"^/(a)?(b)?$\", to = \"/x{1}{2}\" }", "/b", "/xb")]
    [InlineData("rewrite = { regex = \"^(/.*)$\", to = \"/{1}\" }", "/evil", "/evil")]
    [InlineData("add_prefix = \"/p\"\nrewrite = { regex = \"^/p/(.*)$\", to = \"/q/{1}\" }", "/x", "/q/x")]
    public void Target_IsChangedInItsPart(string lines, string target, string sent) => Assert.Equal(sent, Sent(lines, target));

    [Theory]
    [InlineData("replace_path = \"/t/{query.v}/x\"", "/x?v=..")]
    [InlineData("replace_path = \"/t/{query.v}/x\"", "/x?v=%2e%2E")]
    [InlineData("replace_path = \"/t/{query.v}\"", "/x?v=a%2f..%2fb")]
    [InlineData("replace_path = \"/t/{query.v}\"", "/x?v=..%5Cb")]
    [InlineData("rewrite = { regex = \"^/(a)(b)$\", to = \"/x/.{3}/y\" }", "/ab")]
    [InlineData("rewrite = { regex = \"^/(.)/(.*)$\", to = \"/{1}{1}/{2}\" }", "/./etc")]
    public void PathWithDotSegments_IsRefused(string lines, string target) =>
        Assert.Equal("bad_target", Sent(lines.Replace("{3}", "{query.none}", System.StringComparison.Ordinal), target));

    [Fact]
    public void PathThatGrowsTooLong_IsRefused() =>
        Assert.Equal("bad_target", Sent("rewrite = { regex = \"^/(.*)$\", to = \"/{1}{1}{1}{1}{1}{1}{1}{1}{1}{1}\" }", "/" + new string('x', 900)));

    [Theory]
    [InlineData("add_prefix = \"/api\"\nrewrite = { regex = \"^/api\", to = \"/x\" }")]
    [InlineData("replace_path = \"/api{path}{path}\"\nrewrite = { regex = \"^/api\", to = \"/x\" }")]
    public void PathThatGrowsTooLongOnTheWay_IsRefused(string lines) => Assert.Equal("bad_target", Sent(lines, "/" + new string('x', 4094)));

    [Fact]
    public void PathThatNoExpressionChanges_StaysAsItCame() =>
        Assert.Equal("/a/./b", Sent("rewrite = { regex = \"^/none$\", to = \"/x\" }", "/a/./b"));

    [Theory]
    [InlineData("*")]
    public void TargetThatIsNoPath_Stays(string target) => Assert.Equal("", Sent("add_prefix = \"/v1\"", target, "OPTIONS"));

    [Theory]
    [InlineData("strip_prefix = \"/api\"", "/api/x", true)]
    [InlineData("strip_prefix = \"/api\"", "/other", false)]
    public void StrippedPrefix_IsNoted(string lines, string target, bool isStripped)
    {
        Apply(lines, target, "GET", out RequestHead head);
        Assert.Equal(isStripped, head.HasStrippedPrefix);
        head.ForgetRoute();
        Assert.False(head.HasStrippedPrefix);
    }

    private static string Sent(string lines, string target, string method = "GET")
    {
        RejectReason reason = Apply(lines, target, method, out RequestHead head);
        return reason == RejectReason.None ? Wire.Text(head.SentTarget) : RejectReasons.CodeOf(reason);
    }

    private static RejectReason Apply(string lines, string target, string method, out RequestHead head)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal + "\n[[route]]\nupstream = \"app\"\n" + lines);
        Assert.Empty(result.Errors);
        RouteSettings route = result.Settings.Routes[0];
        string text = $"{method} {target} HTTP/1.1\r\nHost: a.example\r\nX-T: a b#?/%\u00e9\r\nCookie: c=7\r\n\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out head).Status);
        PathRewrite rewrite = PathRewrite.Of(route, "web", "r", new PathRewriteRoom(4096))!;
        return rewrite.Apply(Wire.Bytes(text), head, PeerAddress.Of(IPAddress.Loopback, 1));
    }
}
