using System;
using System.Linq;
using System.Net;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Balancing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class RequestKeyTests
{
    private const string Rest = "Host: Shop.Example.:8080\r\nX-User: u1\r\nCookie: a=1; uid=7; uid=8\r\n\r\n";

    [Theory]
    [InlineData("uri", "GET /a?x=1", "GET /a?x=1", true)]
    [InlineData("uri", "GET /a?x=1", "GET /a?x=2", false)]
    [InlineData("uri", "GET /a?x=1", "GET http://shop.example/a?x=1", true)]
    [InlineData("uri", "GET http://shop.example", "GET /", true)]
    [InlineData("path", "GET /a?x=1", "GET /a?x=2", true)]
    [InlineData("path", "GET /a", "GET /b", false)]
    [InlineData("path", "GET http://shop.example?x", "GET /?y", true)]
    [InlineData("query:id", "GET /a?z=1&id=k%31", "GET /b?id=k1", true)]
    [InlineData("query:id", "GET /a?%69d=k1", "GET /b?id=k1", true)]
    [InlineData("query:id", "GET /a?id=k1&id=k2", "GET /a?id=k1", true)]
    [InlineData("query:id", "GET /a?id=k1", "GET /a?id=k2", false)]
    [InlineData("host", "GET /a", "GET http://SHOP.example/b", true)]
    [InlineData("client_ip", "GET /a", "GET /b", true)]
    [InlineData("header:x-USER", "GET /a", "GET /b", true)]
    [InlineData("cookie:uid", "GET /a", "GET /b", true)]
    public void RequestsThatSayTheSame_HaveTheSameNumber(string key, string one, string other, bool areSame)
    {
        Assert.NotEqual(RequestKey.None, KeyOf(key, one));
        Assert.Equal(areSame, KeyOf(key, one) == KeyOf(key, other));
    }

    [Theory]
    [InlineData("query:id", "GET /a")]
    [InlineData("query:id", "GET /a?")]
    [InlineData("query:id", "GET /a?identity=1&xid=2")]
    [InlineData("query:id", "GET /id=1")]
    [InlineData("header:X-Other", "GET /")]
    [InlineData("header:X-Use", "GET /")]
    [InlineData("cookie:UID", "GET /")]
    [InlineData("cookie:id", "GET /")]
    public void RequestWithoutThePart_HasNone(string key, string line) => Assert.Equal(RequestKey.None, KeyOf(key, line));

    /// <summary>Empty is a value: it is there.</summary>
    [Theory]
    [InlineData("query:id", "GET /a?id")]
    [InlineData("query:id", "GET /a?id=")]
    public void EmptyValue_IsOne(string key, string line) => Assert.NotEqual(RequestKey.None, KeyOf(key, line));

    [Fact]
    public void FirstOfSeveral_Counts()
    {
        string user = "GET / HTTP/1.1\r\nHost: a\r\nX-User: u1\r\nX-User: u2\r\n\r\n";

        Assert.Equal(Of("header:X-User", user), Of("header:X-User", user.Replace("u2", "u3", StringComparison.Ordinal)));
        Assert.NotEqual(Of("header:X-User", user), Of("header:X-User", user.Replace("u1", "u3", StringComparison.Ordinal)));
    }

    [Fact]
    public void TargetThatRoutingHasMade_IsTheOneThatCounts()
    {
        byte[] bytes = Wire.Bytes("GET /app/x?q HTTP/1.1\r\nHost: a\r\n\r\n");
        Wire.Request(Wire.Text(bytes), out RequestHead head);
        "/x?q"u8.CopyTo(head.RoomForSentTarget(4));

        Assert.Equal(Of("path", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), new RequestKey("path").Of(bytes, head, Client));
    }

    [Fact]
    public void HostileQuery_IsReadOnce_AndNothingIsAllocated()
    {
        byte[] bytes = Wire.Bytes($"GET /?{string.Concat(Enumerable.Repeat("%69&", 1000))}id=1 HTTP/1.1\r\nHost: a\r\n\r\n");
        Wire.Request(Wire.Text(bytes), out RequestHead head);
        RequestKey[] keys = [new("query:id"), new("uri"), new("host"), new("header:X"), new("cookie:c"), new("client_ip")];
        PeerAddress client = Client;
        foreach (RequestKey key in keys)
            key.Of(bytes, head, client);

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (RequestKey key in keys)
            key.Of(bytes, head, client);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static PeerAddress Client => PeerAddress.Of(new IPEndPoint(IPAddress.Parse("192.0.2.7"), 1));

    private static ulong KeyOf(string key, string line) => Of(key, $"{line} HTTP/1.1\r\n{Rest}");

    private static ulong Of(string key, string text)
    {
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        return new RequestKey(key).Of(Wire.Bytes(text), head, Client);
    }
}
