using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class ConnectionAuthenticationTests
{
    [Theory]
    [InlineData("NTLM")]
    [InlineData("ntlm")]
    [InlineData("nTlM TlRMTVNTUAABAAAA")]
    [InlineData("NTLM\tTlRMTVNTUAABAAAA==")]
    [InlineData("Negotiate")]
    [InlineData("NEGOTIATE oYG2MIGzoAMKAQ==")]
    [InlineData("Kerberos")]
    [InlineData("  NTLM  ")]
    [InlineData("Negotiate, NTLM")]
    [InlineData("Basic realm=\"a\", NTLM")]
    [InlineData("Basic realm=\"a\",NTLM")]
    [InlineData("Basic realm=\"a\" , ,\tNTLM")]
    [InlineData("NTLM, Basic realm=\"a\"")]
    [InlineData("Basic realm=\"a, b\", charset=\"UTF-8\", Negotiate")]
    [InlineData("Basic realm=\"a\\\", b\", NTLM")]
    [InlineData("Digest nonce=abc==, NTLM")]
    [InlineData("Bearer, Negotiate abc")]
    [InlineData(", NTLM")]
    public void SchemeOfAConnection_IsSeenAnywhereInTheList(string value) => Assert.True(ConnectionAuthentication.IsNamedIn(Bytes(value)));

    [Theory]
    [InlineData("")]
    [InlineData(" ,, ")]
    [InlineData("NTLMx")]
    [InlineData("xNTLM")]
    [InlineData("NTLM2 abc")]
    [InlineData("NTLM-2")]
    [InlineData("NTL")]
    [InlineData("Negotiate2")]
    [InlineData("X-Negotiate abc")]
    [InlineData("\"NTLM\"")]
    [InlineData("Basic realm=\"NTLM\"")]
    [InlineData("Basic realm=NTLM")]
    [InlineData("Basic realm = NTLM")]
    [InlineData("Basic NTLM")]
    [InlineData("Basic NTLM==")]
    [InlineData("Basic realm=\"x, NTLM, y\"")]
    [InlineData("Basic realm=\"x\\\", NTLM\"")]
    [InlineData("Basic realm=\"x, NTLM")]
    [InlineData("Basic realm=\"x\\")]
    [InlineData("Basic realm=\"x\", NTLM=1")]
    [InlineData("Basic realm=\"x\", NTLM = 1")]
    [InlineData("Basic realm=\"x\", Negotiate=\"yes\"")]
    [InlineData("Bearer eyJhbGciOiJOVExNIn0.NTLM.Negotiate")]
    [InlineData("Digest username=\"NTLM\", realm=\"Negotiate\"")]
    public void LookAlike_IsNot(string value) => Assert.False(ConnectionAuthentication.IsNamedIn(Bytes(value)));

    [Theory]
    [InlineData("Authorization: NTLM abc", true, true)]
    [InlineData("authorization: negotiate abc", false, true)]
    [InlineData("Proxy-Authorization: NTLM abc", true, true)]
    [InlineData("Proxy-Authorization: NTLM abc", false, false)]
    [InlineData("Authorization: Basic TlRMTTpOVExN", true, false)]
    [InlineData("X-Authorization: NTLM abc", true, false)]
    [InlineData("WWW-Authenticate: NTLM", true, false)]
    public void Request_IsJudgedByItsCredentials(string line, bool withProxyCredentials, bool expected)
    {
        string text = Get(line);
        Request(text, out RequestHead head);
        Assert.Equal(expected, ConnectionAuthentication.IsInRequest(Bytes(text), head.Fields, withProxyCredentials));
    }

    [Fact]
    public void RepeatedCredentials_AreAllLookedAt()
    {
        string text = Get("Authorization: Basic YTpi", "Authorization: Bearer x", "Authorization: NTLM abc");
        Request(text, out RequestHead head);
        Assert.True(ConnectionAuthentication.IsInRequest(Bytes(text), head.Fields, withProxyCredentials: true));
    }

    [Theory]
    [InlineData("401 U", "WWW-Authenticate: NTLM", true)]
    [InlineData("407 P", "Proxy-Authenticate: Negotiate", true)]
    [InlineData("200 OK", "WWW-Authenticate: Negotiate oYG2", true)]
    [InlineData("401 U", "WWW-Authenticate: Basic realm=\"NTLM\"", false)]
    [InlineData("401 U", "Authorization: NTLM", false)]
    [InlineData("401 U", "X-Authenticate: NTLM", false)]
    public void Response_IsJudgedByItsChallenges_WhateverItsStatus(string status, string line, bool expected) =>
        Assert.Equal(expected, IsInResponse(status, line));

    [Fact]
    public void RepeatedChallenges_AreAllLookedAt()
    {
        Assert.True(IsInResponse("401 U", "WWW-Authenticate: Basic realm=\"a\"", "WWW-Authenticate: Digest nonce=1", "WWW-Authenticate: NTLM"));
        Assert.False(IsInResponse("401 U", "WWW-Authenticate: Basic realm=\"a\"", "WWW-Authenticate: Digest nonce=1", "WWW-Authenticate: NTLMx"));
    }

    private static bool IsInResponse(string status, params string[] lines)
    {
        string text = $"HTTP/1.1 {status}\r\n" + Lines(lines);
        Response(text, out ResponseHead head);
        return ConnectionAuthentication.IsInResponse(Bytes(text), head.Fields);
    }
}
