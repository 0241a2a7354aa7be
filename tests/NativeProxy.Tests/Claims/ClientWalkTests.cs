using System;
using System.Linq;
using System.Net;
using NativeProxy.Claims;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Claims;

/// <summary>Whom a list names that trusted proxies have written.</summary>
public class ClientWalkTests
{
    private const string Trusted = "trusted = [\"127.0.0.9\", \"10.0.0.0/8\", \"2001:db8:cd::/48\"]";
    private const string Peer = "127.0.0.9";

    private static readonly ClaimTrial List = new(Trusted);
    private static readonly ClaimTrial Elements = new($"{Trusted}\nclient_header = \"forwarded\"");

    [Theory]
    [InlineData("203.0.113.4", "203.0.113.4:0")]
    [InlineData("203.0.113.4:5555", "203.0.113.4:5555")]
    [InlineData("[2001:db8::1]:443", "[2001:db8::1]:443")]
    [InlineData("[2001:db8::1]", "[2001:db8::1]:0")]
    [InlineData("2001:db8::1", "[2001:db8::1]:0")]
    [InlineData("::ffff:203.0.113.4", "203.0.113.4:0")]
    [InlineData("6.6.6.6, 203.0.113.4", "203.0.113.4:0")]
    [InlineData("6.6.6.6, 203.0.113.4, 10.1.2.3", "203.0.113.4:0")]
    [InlineData("6.6.6.6,203.0.113.4,10.1.2.3,2001:db8:cd::7\t,  10.0.0.1", "203.0.113.4:0")]
    [InlineData("10.0.0.5", "10.0.0.5:0")]
    [InlineData("10.0.0.5, 10.0.0.6", "10.0.0.5:0")]
    [InlineData("6.6.6.6, unknown, 10.0.0.6", "10.0.0.6:0")]
    [InlineData("6.6.6.6, _hidden", "127.0.0.9:5000")]
    [InlineData("unknown", "127.0.0.9:5000")]
    [InlineData("", "127.0.0.9:5000")]
    [InlineData(", ,", "127.0.0.9:5000")]
    [InlineData("203.0.113.4, ,", "203.0.113.4:0")]
    [InlineData("6.6.6.6, 203.0.113.04", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, 203.0.113.4:", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, 203.0.113.4:65536", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, 203.0.113.4:x", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, 203.0.113", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, 3405803780", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, fe80::1%eth0", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, [2001:db8::1", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, [2001:db8::1]443", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, [203.0.113.4]", "127.0.0.9:5000")]
    [InlineData("6.6.6.6, \"203.0.113.4\"", "127.0.0.9:5000")]
    [InlineData("6.6.6.6 203.0.113.4", "127.0.0.9:5000")]
    public void ListOfATrustedPeer_IsReadFromTheRight(string value, string client) =>
        Assert.Equal(client, List.ClientOf(Peer, $"X-Forwarded-For: {value}"));

    [Fact]
    public void SeveralLines_AreOneList() =>
        Assert.Equal("203.0.113.4:0", List.ClientOf(Peer, "X-Forwarded-For: 6.6.6.6, 203.0.113.4", "x-forwarded-for: 10.0.0.1", "X-Forwarded-For:"));

    [Fact]
    public void WithoutAList_TrustedPeerIsItselfTheClient() => Assert.Equal("127.0.0.9:5000", List.ClientOf(Peer));

    [Theory]
    [InlineData("127.0.0.8")]
    [InlineData("2001:db8::1")]
    public void OfOthers_NothingCounts(string peer) => Assert.StartsWith(
        peer, List.ClientOf(peer, "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1").TrimStart('['), StringComparison.Ordinal);

    [Theory]
    [InlineData("for=203.0.113.4", "203.0.113.4:0")]
    [InlineData("For=\"[2001:db8::1]:4711\";proto=https", "[2001:db8::1]:4711")]
    [InlineData("for=\"203.0.113.4:80\"", "203.0.113.4:80")]
    [InlineData("for=\"203.0.113.4:_port\"", "203.0.113.4:0")]
    [InlineData("proto=http;by=10.0.0.1;for=203.0.113.4 ; host=x", "203.0.113.4:0")]
    [InlineData("for=6.6.6.6, for=203.0.113.4;by=x", "203.0.113.4:0")]
    [InlineData("for=203.0.113.4, for=10.0.0.7;host=\"a,b\\\"c;for=6.6.6.6\"", "203.0.113.4:0")]
    [InlineData("for=\", for=203.0.113.4", "203.0.113.4:0")]
    [InlineData("for=\", for=10.0.0.7", "10.0.0.7:0")]
    [InlineData("for=_hidden", "127.0.0.9:5000")]
    [InlineData("for=unknown", "127.0.0.9:5000")]
    [InlineData("for=6.6.6.6, proto=https", "127.0.0.9:5000")]
    [InlineData("for=6.6.6.6;for=203.0.113.4", "127.0.0.9:5000")]
    [InlineData("for=\"\";for=203.0.113.4", "127.0.0.9:5000")]
    [InlineData("for=\"203.0.113.\\4\"", "127.0.0.9:5000")]
    [InlineData("203.0.113.4", "127.0.0.9:5000")]
    [InlineData("for", "127.0.0.9:5000")]
    public void Forwarded_IsReadFromTheRight(string value, string client) => Assert.Equal(client, Elements.ClientOf(Peer, $"Forwarded: {value}"));

    [Fact]
    public void FieldOfAnotherName_NamesTheClient_AndTheListDoesNot()
    {
        var trial = new ClaimTrial($"{Trusted}\nclient_header = \"CF-Connecting-IP\"");
        Assert.Equal("203.0.113.4:0", trial.ClientOf(Peer, "cf-connecting-ip: 203.0.113.4", "X-Forwarded-For: 6.6.6.6"));
        Assert.Equal("127.0.0.9:5000", trial.ClientOf(Peer, "X-Forwarded-For: 6.6.6.6"));
    }

    /// <summary>A stranger may have put it there; a proxy in front that hands Connection on would take the list away.</summary>
    [Fact]
    public void ConnectionThatNamesTheList_TakesNothingAway() =>
        Assert.Equal("203.0.113.4:0", List.ClientOf(Peer, "Connection: close, X-Forwarded-For", "X-Forwarded-For: 203.0.113.4"));

    [Fact]
    public void LongChain_IsFollowedSoFarAndNoFarther()
    {
        string chain(int length) => string.Join(", ", Enumerable.Range(1, length).Select(i => $"10.0.0.{i}").Reverse());
        Assert.Equal("203.0.113.4:0", List.ClientOf(Peer, $"X-Forwarded-For: 203.0.113.4, {chain(ClientWalk.StepsMax - 1)}"));
        Assert.Equal($"10.0.0.{ClientWalk.StepsMax}:0", List.ClientOf(Peer, $"X-Forwarded-For: 203.0.113.4, {chain(ClientWalk.StepsMax)}"));
    }

    [Fact]
    public void Walk_AllocatesNothing()
    {
        byte[] bytes = Wire.Bytes(Wire.Get("Forwarded: for=6.6.6.6, for=\"[2001:db8::1]:1\";proto=https, for=10.0.0.1"));
        Wire.Request(Wire.Text(bytes), out RequestHead head);
        var walk = new ClientWalk("forwarded"u8.ToArray(), [new AddressNetwork(IPNetwork.Parse("10.0.0.0/8"))]);
        walk.Find(bytes, head.Fields, default, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            walk.Find(bytes, head.Fields, default, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
