using System;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing.Limiting;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Routing;

public sealed class RateKeyTests
{
    private const string Client = "192.0.2.1";

    [Theory]
    [InlineData("client_ip", "192.0.2.1", "192.0.2.1", true)]
    [InlineData("client_ip", "192.0.2.1", "192.0.2.2", false)]
    [InlineData("client_ip", "192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("client_ip", "2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("client_ip", "2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("client_ip", "::1", "0.0.0.1", false)]
    [InlineData("all", "192.0.2.1", "192.0.2.2", true)]
    [InlineData("host", "192.0.2.1", "192.0.2.2", true)]
    public void Clients_AreToldApartByTheirAddress(string key, string one, string other, bool isSame) =>
        Assert.Equal(isSame, KeyOf(key, client: one) == KeyOf(key, client: other));

    [Theory]
    [InlineData("header:X-Key", "X-Key: a", "x-KEY: a", true)]
    [InlineData("header:X-Key", "X-Key: a", "X-Key: A", false)]
    [InlineData("header:X-Key", "X-Key: a", "X-Key: a, b", false)]
    [InlineData("header:X-Key", "X-Key: ", "Other: a", false)]
    [InlineData("header:X-Key", "Other: a", "Another: b", true)]
    [InlineData("header:X-Key", "X-Key: a\r\nX-Key: b", "X-Key: a", false)]
    [InlineData("header:X-Key", "X-Key: ab\r\nX-Key: c", "X-Key: a\r\nX-Key: bc", false)]
    [InlineData("cookie:sid", "Cookie: sid=1; x=2", "Cookie: y=5; sid=1", true)]
    [InlineData("cookie:sid", "Cookie: sid=1", "Cookie: sid=\"1\"", true)]
    [InlineData("cookie:sid", "Cookie: sid=1", "Cookie: sid=2", false)]
    [InlineData("cookie:sid", "Cookie: sid=1", "Cookie: xsid=1", false)]
    [InlineData("cookie:sid", "Cookie: SID=1", "Cookie: x=1", true)]
    [InlineData("header:a+header:b", "a: 1\r\nb: 2", "a: 12\r\nb: ", false)]
    [InlineData("header:a+header:b", "a: 1\r\nb: 2", "a: 2\r\nb: 1", false)]
    [InlineData("header:a+header:b", "a: 1\r\na: 2", "a: 1\r\nb: 2", false)]
    public void Fields_AreToldApartByTheirValues(string key, string one, string other, bool isSame) =>
        Assert.Equal(isSame, KeyOf(key, lines: one) == KeyOf(key, lines: other));

    [Theory]
    [InlineData("query:user", "/x?user=a", "/y?z=1&user=a", true)]
    [InlineData("query:user", "/?user=a", "/?user=%61", true)]
    [InlineData("query:user", "/?user=a", "/?%75ser=a", true)]
    [InlineData("query:user", "/?user=a", "/?user=b", false)]
    [InlineData("query:user", "/?user=a", "/?user=a&user=b", false)]
    [InlineData("query:user", "/?user=", "/?x", false)]
    [InlineData("path", "/a?x", "/a?y", true)]
    [InlineData("path", "/a", "/b", false)]
    [InlineData("path", "/a/b", "/a%2Fb", false)]
    public void Targets_AreToldApartByTheirPart(string key, string one, string other, bool isSame) =>
        Assert.Equal(isSame, KeyOf(key, target: one) == KeyOf(key, target: other));

    [Theory]
    [InlineData("a.example", "A.Example:80", true)]
    [InlineData("a.example", "a.example.", true)]
    [InlineData("a.example", "b.example", false)]
    public void Hosts_AreToldApartByName(string one, string other, bool isSame) =>
        Assert.Equal(isSame, KeyOf("host", host: one) == KeyOf("host", host: other));

    [Fact]
    public void LongestValues_CountToTheirLastByte()
    {
        string text = new('x', 8000);
        Assert.NotEqual(KeyOf("header:k", lines: $"k: {text}a"), KeyOf("header:k", lines: $"k: {text}b"));
        Assert.NotEqual(KeyOf("query:k", target: $"/?k={text}a"), KeyOf("query:k", target: $"/?k={text}b"));
        Assert.NotEqual(KeyOf("path", target: $"/{text}a"), KeyOf("path", target: $"/{text}b"));
        string host = string.Concat(Enumerable.Repeat("abcdefghi.", 30));
        Assert.NotEqual(KeyOf("host", host: host + "a"), KeyOf("host", host: host + "b"));
    }

    [Fact]
    public void Routes_AreToldApart_AndWorkersOnlyWhereEachCountsForItself()
    {
        Assert.NotEqual(KeyOf("route", route: "a"), KeyOf("route", route: "b"));
        Assert.Equal(KeyOf("client_ip", worker: 0), KeyOf("client_ip", worker: 1));
        Assert.NotEqual(KeyOf("client_ip\"\nscope = \"worker", worker: 0), KeyOf("client_ip\"\nscope = \"worker", worker: 1));
    }

    /// <summary>
    /// Memory of a limit that is gone goes to another one, into which an old request may still write: it must not mean one of its keys.
    /// </summary>
    [Theory]
    [InlineData("other", "1/s", false)]
    [InlineData("l", "2/s", false)]
    [InlineData("l", "1/s", true)]
    public void LimitsThatAreNotTheSame_HaveNoKeyInCommon(string name, string rate, bool isSame) =>
        Assert.Equal(isSame, KeyOf("client_ip") == KeyOf("client_ip", name: name, rate: rate));

    [Fact]
    public void SecretDecides() => Assert.NotEqual(KeyOf("client_ip"), KeyOf("client_ip", secret: 2));

    [Fact]
    public void MakingAKey_AllocatesNothing()
    {
        RateKey key = Made("client_ip+header:x+cookie:y+query:z+path+host+route", secret: 1, worker: 0);
        byte[] bytes = Parsed("/?z=%41", "a.b", "x: 1\r\nCookie: y=1", out RequestHead head);
        PeerAddress client = PeerAddress.Of(IPAddress.Parse(Client), 1);
        key.Of(bytes, head, client, "r"u8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            key.Of(bytes, head, client, "r"u8);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static ulong KeyOf(
        string key, string client = Client, string target = "/", string host = "a.b", string lines = "x: y", string route = "", ulong secret = 1,
        int worker = 0, string name = "l", string rate = "1/s")
    {
        byte[] bytes = Parsed(target, host, lines, out RequestHead head);
        return Made(key, secret, worker, name, rate).Of(bytes, head, PeerAddress.Of(IPAddress.Parse(client), 1), Wire.Bytes(route));
    }

    private static RateKey Made(string key, ulong secret, int worker, string name = "l", string rate = "1/s")
    {
        SettingsResult result = SettingsTrial.Parse(
            SettingsTrial.WithListener($"rate_limit = [\"{name}\"]") + $"[[rate_limit]]\nname = \"{name}\"\nrate = \"{rate}\"\nkey = \"{key}\"\n");
        Assert.Empty(result.Errors);
        return new RateKey(result.Settings.RateLimits[0], new KeyHash(secret, 3), worker);
    }

    private static byte[] Parsed(string target, string host, string lines, out RequestHead head)
    {
        string text = $"GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out head).Status);
        return Wire.Bytes(text);
    }
}
