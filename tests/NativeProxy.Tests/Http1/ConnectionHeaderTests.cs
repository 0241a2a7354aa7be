using System.Linq;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class ConnectionHeaderTests
{
    [Theory]
    [InlineData("Connection: close", "close")]
    [InlineData("Connection: Keep-ALIVE", "keep-alive")]
    [InlineData("connection: upgrade, TE", "upgrade")]
    [InlineData("Connection: ,, close ,\t, keep-alive,", "close keep-alive")]
    [InlineData("Connection: x-close, closed, xclose", "")]
    [InlineData("Connection:", "")]
    [InlineData("Connection: close\r\nX: y\r\nConnection: upgrade", "close upgrade")]
    public void Options_AreReadFromAllConnectionFields(string lines, string expected)
    {
        ConnectionOptions options = Apply(out _, lines);
        string[] set = [options.Close ? "close" : "", options.KeepAlive ? "keep-alive" : "", options.Upgrade ? "upgrade" : ""];
        Assert.Equal(RejectReason.None, options.Reason);
        Assert.Equal(expected, string.Join(' ', set.Where(name => name.Length > 0)));
    }

    [Theory]
    [InlineData("Connection: host")]
    [InlineData("Connection: Content-Length")]
    [InlineData("Connection: close, transfer-encoding")]
    [InlineData("Connection: a b")]
    [InlineData("Connection: \"close\"")]
    [InlineData("Connection: close;q=1")]
    [InlineData("Connection: close\r\nConnection: clo/se")]
    public void OptionThatIsNoTokenOrNamesFramingOrHost_IsRejected(string lines) =>
        Assert.Equal(RejectReason.BadConnectionOption, Apply(out _, lines).Reason);

    [Theory]
    [InlineData("Connection: close, keep-alive, upgrade, TE", "close", false)]
    [InlineData("X: 1", "X", false)]
    [InlineData("Connection: close, x-checksum", "X-Checksum", true)]
    [InlineData("Connection: close, x-checksum", "X-Trail", false)]
    [InlineData("Connection: close\r\nConnection: ETag", "etag", true)]
    public void NamesOfFields_AreKeptForTheTrailers(string lines, string name, bool expected) =>
        Assert.Equal(expected, Apply(out _, lines).NamedFields.MayContain(Bytes(name)));

    [Fact]
    public void MaskOfNames_NeverMissesOne_AndIsSeldomWrong()
    {
        FieldNameMask mask = default;
        mask.Add("X-Hop"u8);
        Assert.True(mask.MayContain("x-hOP"u8));
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => mask.MayContain(Bytes($"X-Name-{i}"))), 0, 100);
        for (int i = 0; i < 100; i++)
            mask.Add(Bytes($"X-Name-{i}"));
        Assert.All(Enumerable.Range(0, 100), i => Assert.True(mask.MayContain(Bytes($"x-name-{i}"))));
    }

    [Theory]
    [InlineData(64, RejectReason.None)]
    [InlineData(65, RejectReason.BadConnectionOption)]
    internal void NumberOfOptions_IsBounded(int count, RejectReason expected) =>
        Assert.Equal(expected, Apply(out _, "Connection: " + string.Join(',', Enumerable.Repeat("x", count))).Reason);

    [Fact]
    public void HopByHopFields_AreMarkedWithoutBeingNamed() =>
        Assert.Equal(
            "Connection Keep-Alive Proxy-Connection TE Transfer-Encoding Upgrade HTTP2-Settings",
            Marked(
                "Connection: close", "Keep-Alive: timeout=5", "Proxy-Connection: close", "TE: trailers", "Accept: x",
                "Transfer-Encoding: chunked", "Upgrade: h2c", "HTTP2-Settings: x", "Trailer: x", "Cookie: a=b",
                "Proxy-Authorization: x", "Proxy-Authenticate: x", "Via: 1.1 x", "Content-Length: 3"));

    [Theory]
    [InlineData("X-Sum")]
    [InlineData("a")]
    [InlineData("")]
    public void EmptyMask_HasNoName(string name) => Assert.False(default(FieldNameMask).MayContain(Bytes(name)));

    [Fact]
    public void NamedFields_AreMarkedWhereverTheyStand() =>
        Assert.Equal(
            "X-Hop x-hop Connection Cookie X-HOP",
            Marked("X-Hop: 1", "x-hop: 2", "X-Hop2: 3", "Connection: x-hop, cookie, absent", "Cookie: a=b", "X-HOP: 4"));

    private static ConnectionOptions Apply(out RequestHead head, params string[] lines)
    {
        string text = Get(lines);
        Assert.Equal("Done", Verdict(Request(text, out head)));
        return ConnectionHeader.Apply(Bytes(text), head.Fields);
    }

    private static string Marked(params string[] lines)
    {
        byte[] bytes = Bytes(Get(lines));
        Assert.Equal(RejectReason.None, Apply(out RequestHead head, lines).Reason);
        return string.Join(' ', Enumerable.Range(0, head.Fields.Count)
            .Where(i => head.Fields[i].IsHopByHop)
            .Select(i => Text(head.Fields[i].Name.Of(bytes))));
    }
}
