using System;
using System.Linq;
using NativeProxy.Caching;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Caching;

public sealed class CacheKeyTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "a /")]
    [InlineData("GET /x?y=1 HTTP/1.1\r\nHost: Example.ORG:80\r\n\r\n", "example.org:80 /x?y=1")]
    [InlineData("GET /X?Y=%41 HTTP/1.1\r\nHost: a\r\n\r\n", "a /X?Y=%41")]
    [InlineData("GET //b/x HTTP/1.1\r\nHost: a\r\n\r\n", "a //b/x")]
    [InlineData("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", "a /a/../b")]
    [InlineData("GET /x? HTTP/1.1\r\nHost: a\r\n\r\n", "a /x?")]
    [InlineData("GET http://B/x HTTP/1.1\r\nHost: a\r\n\r\n", "b /x")]
    [InlineData("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "b /")]
    [InlineData("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "b /?q")]
    [InlineData("GET / HTTP/1.1\r\nHost: \r\n\r\n", " /")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "app /")]
    public void Key_IsHostAndTargetAsTheyGoOut(string request, string expected) => Assert.Equal(expected, KeyOf(request));

    /// <summary>What a server could tell apart, or another server would answer, never shares a key.</summary>
    [Fact]
    public void DifferentRequests_HaveDifferentKeys()
    {
        string[] keys =
        [
            KeyOf("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), KeyOf("GET /x HTTP/1.1\r\nHost: b\r\n\r\n"), KeyOf("GET /x HTTP/1.1\r\nHost: a:80\r\n\r\n"),
            KeyOf("GET /x HTTP/1.1\r\nHost: a.\r\n\r\n"), KeyOf("GET /X HTTP/1.1\r\nHost: a\r\n\r\n"), KeyOf("GET /x? HTTP/1.1\r\nHost: a\r\n\r\n"),
            KeyOf("GET /x?a HTTP/1.1\r\nHost: a\r\n\r\n"), KeyOf("GET //x HTTP/1.1\r\nHost: a\r\n\r\n"),
            KeyOf("GET /%78 HTTP/1.1\r\nHost: a\r\n\r\n"),
            KeyOf("GET http://c/x HTTP/1.1\r\nHost: a\r\n\r\n"), KeyOf("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
            KeyOf("GET /x/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(KeyOf("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), KeyOf("GET http://A/x HTTP/1.1\r\nHost: evil\r\n\r\n"));
    }

    /// <summary>What sends plain clients to https:// would send the others round in a circle.</summary>
    [Theory]
    [InlineData("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: s\r\n\r\n")]
    public void ClientsThatSpeakThroughTls_HaveKeysOfTheirOwn(string request)
    {
        Assert.NotEqual(KeyOf(request), KeyOf(request, isHttps: true));
        Assert.Equal("\u0001" + KeyOf(request), KeyOf(request, isHttps: true));
    }

    [Theory]
    [InlineData(CacheKey.BytesMax - 3, true)]
    [InlineData(CacheKey.BytesMax - 2, false)]
    public void KeyThatIsTooLong_IsNone(int pathBytes, bool fits)
    {
        string path = "/" + new string('x', pathBytes - 1);
        Assert.Equal(fits, KeyOf($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").Length > 0);
    }

    /// <summary>Vectors of the reference implementation: key 00..0f, input 00, 01, 02...</summary>
    [Theory]
    [InlineData(0, 0x726fdb47dd0e0e31)]
    [InlineData(1, 0x74f839c593dc67fd)]
    [InlineData(7, 0xab0200f58b01d137)]
    [InlineData(8, 0x93f5f5799a932462)]
    [InlineData(15, 0xa129ca6149be45e5)]
    public void Hash_IsSipHash(int length, ulong expected)
    {
        var hash = new KeyHash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
        Assert.Equal(expected, hash.Of([.. Enumerable.Range(0, length).Select(static i => (byte)i)]));
    }

    [Fact]
    public void Hashes_OfTwoBoardsDiffer()
    {
        using ChangeBoard one = ChangeBoard.CreatePrivate();
        using ChangeBoard other = ChangeBoard.CreatePrivate();
        Assert.NotEqual(one.Hash.Of("a /"u8), other.Hash.Of("a /"u8));
    }

    private static string KeyOf(string request, bool isHttps = false)
    {
        Assert.Equal(ParseStatus.Done, Wire.Request(request, out RequestHead head).Status);
        head.Verdict = isHttps ? new ClientVerdict { IsHttps = true } : null;
        byte[] key = new byte[CacheKey.BytesMax];
        return Wire.Text(key.AsSpan(0, CacheKey.Write(Wire.Bytes(request), head, "app"u8, key)));
    }
}
