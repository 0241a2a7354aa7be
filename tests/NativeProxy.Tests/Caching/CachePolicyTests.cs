using NativeProxy.Caching;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Caching;

/// <summary>One row per rule, beside what is nearest to it and allowed.</summary>
public sealed class CachePolicyTests
{
    private const CacheUse All = CacheUse.Serve | CacheUse.Store;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nAccept-Encoding: gzip\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: max-stale=5, no-transform\r\n\r\n", All)]
    [InlineData("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Serve)]
    [InlineData("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", All)]
    [InlineData("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.None)]
    [InlineData("GET HTTPS://a/ HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.None)]
    [InlineData("get / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Invalidate)]
    [InlineData("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.None)]
    [InlineData("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.None)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Invalidate)]
    [InlineData("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Invalidate)]
    [InlineData("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Invalidate)]
    [InlineData("PATCH / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Invalidate)]
    [InlineData("PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", CacheUse.Invalidate)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eA==\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic eA==\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-Range: \"x\"\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\"\r\n\r\n", CacheUse.Serve)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-Match: *\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: x\r\n\r\n", CacheUse.Serve)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\"\r\nRange: bytes=0-1\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-Unmodified-Since: x\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: no-store\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: max-stale, \"\r\n\r\n", CacheUse.None)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: no-cache\r\n\r\n", CacheUse.Store)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: max-age=0\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: max-age=99999\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: min-fresh=1\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\n\r\n", CacheUse.Store)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nPragma: x, NO-CACHE\r\n\r\n", CacheUse.Store)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nPragma: x-cache-on, no-cachet\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\nCache-Control: max-age=300\r\n\r\n", All)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nPragma: x\r\nCache-Control: no-cache\r\n\r\n", CacheUse.Store)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: only-if-cached\r\n\r\n", All | CacheUse.OnlyServe)]
    public void Request_MayBeServedOrStored(string text, object use)
    {
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        Assert.Equal((CacheUse)use, CachePolicy.OfRequest(Wire.Bytes(text), head).Use);
    }

    [Fact]
    public void GetWithABody_IsTheServers()
    {
        const string Text = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
        Wire.Request(Text, out RequestHead head);
        head.Body = BodyLength.Of(1);
        Assert.Equal(CacheUse.None, CachePolicy.OfRequest(Wire.Bytes(Text), head).Use);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\n", true)]
    [InlineData("HTTP/1.0 200 OK\r\nCache-Control: max-age=5\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: s-maxage=5, must-revalidate, proxy-revalidate, immutable, stale-if-error=9\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nETag: \"x\"\r\nContent-Encoding: gzip\r\nConnection: close\r\nServer: x\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: x-any\r\nX-Any: 1\r\nCache-Control: max-age=5\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: public\r\nETag: \"x\"\r\nLast-Modified: Mon, 01 Jan 2001 00:00:00 GMT\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=0\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, no-store\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, no-store, must-understand\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, private\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, private=\"x-user\"\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, no-cache\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, no-cache=\"set-cookie\"\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nCache-Control: private\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5, max-age=6\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nPragma: no-cache\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nExpires: Mon, 01 Jan 2024 00:01:00 GMT\r\nPragma: no-cache\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nExpires: Mon, 01 Jan 2024 00:01:00 GMT\r\nPragma: x\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nVary: Accept-Encoding\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nVary: *\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nSet-Cookie: a=b\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nWWW-Authenticate: Negotiate eA==\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nProxy-Authenticate: Basic\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nContent-Range: bytes 0-1/9\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nConnection: cache-control\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nAge: 1\r\nConnection: age\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nConnection: date\r\n", false)]
    [InlineData("HTTP/1.1 203 Changed\r\nCache-Control: max-age=5\r\n", false)]
    [InlineData("HTTP/1.1 206 Part\r\nCache-Control: max-age=5\r\n", false)]
    [InlineData("HTTP/1.1 301 Moved\r\nCache-Control: max-age=5\r\n", false)]
    [InlineData("HTTP/1.1 404 None\r\nCache-Control: max-age=5\r\n", false)]
    public void Response_MayBeKept(string lines, bool expected) => Assert.Equal(expected, MayKeep(lines, BodyLength.Of(3)));

    /// <summary>What well framed means, the reader of the answer decides.</summary>
    [Fact]
    public void BodyWhoseEndIsNotVisible_IsNotKept()
    {
        const string Lines = "HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\n";

        Assert.False(MayKeep(Lines, BodyLength.Unknown, isWellFramed: false));
        Assert.False(MayKeep(Lines, BodyLength.Of(3), isWellFramed: false));
        Assert.False(MayKeep(Lines, BodyLength.None));
        Assert.True(MayKeep(Lines, BodyLength.Unknown));
    }

    /// <summary>RFC 9111 section 4.4.</summary>
    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(303, true)]
    [InlineData(400, false)]
    [InlineData(500, false)]
    public void AnswerToAnUnsafeRequest_SaysWhetherTheChangeWasMade(int status, bool expected) =>
        Assert.Equal(expected, CachePolicy.IsChangeMade(status));

    private static bool MayKeep(string lines, BodyLength body, bool isWellFramed = true)
    {
        string text = lines + "\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Response(text, out ResponseHead head).Status);
        byte[] bytes = Wire.Bytes(text);
        Assert.Equal(RejectReason.None, ConnectionHeader.Apply(bytes, head.Fields).Reason);
        head.Body = body;
        head.IsWellFramed = isWellFramed;
        return CachePolicy.OfResponse(bytes, head, new ExchangeMoments(0, 0, 1_704_067_200_000)) is not null;
    }
}
