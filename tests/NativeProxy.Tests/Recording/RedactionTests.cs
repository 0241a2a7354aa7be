using System;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Recording;
using Xunit;

namespace NativeProxy.Tests.Recording;

/// <summary>Secrets are overwritten, whatever the message looks like; lengths, places and what parsers stumble over stay.</summary>
public sealed class RedactionTests
{
    private static readonly Redaction Hides = new(isOn: true, hidesQueries: true, ["x-key"u8.ToArray()]);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nCookie: a=b; c\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nCookie: **** *\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nAUTHORIZATION : Basic x\r\n", "GET / HTTP/1.1\r\nAUTHORIZATION : ***** *\r\n")]
    [InlineData("GET / HTTP/1.1\nX-Key:abc\n\n", "GET / HTTP/1.1\nX-Key:***\n\n")]
    [InlineData("GET / HTTP/1.1\r\nCookie: a\r\n b=c\r\nA: 1\r\n\r\n", "GET / HTTP/1.1\r\nCookie: *\r\n ***\r\nA: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA: 1\rCookie: a\0b\r\n", "GET / HTTP/1.1\r\nA: 1\rCookie: *\0*\r\n")]
    [InlineData("GET / HTTP/1.1\r\nAuthorization: Bearer a\rREST\r\nA: 1\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: ****** *\r****\r\nA: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nCookie: a\r\rB: c\r b\nA: 1\r\n\r\n", "GET / HTTP/1.1\r\nCookie: *\r\r** *\r *\nA: 1\r\n\r\n")]
    [InlineData("GET /p?a=secret&b=1&c HTTP/1.1\r\n\r\n", "GET /p?a=******&b=*&c HTTP/1.1\r\n\r\n")]
    [InlineData("Cookie: first line\r\n\r\n", "Cookie: ***** ****\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nCookies: a\r\n\r\n", "GET / HTTP/1.1\r\nCookies: a\r\n\r\n")]
    public void Head_LosesItsSecrets(string head, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(head);
        byte[] copy = [.. bytes];
        Hides.HideInHead(bytes, 0, copy);
        Assert.Equal(expected, Encoding.Latin1.GetString(copy));

        // From wherever the copy begins.
        for (int from = 0; from < bytes.Length; from++)
        {
            byte[] part = bytes[from..];
            Hides.HideInHead(bytes, from, part);
            Assert.Equal(expected[from..], Encoding.Latin1.GetString(part));
        }
    }

    [Theory]
    [InlineData("6\r\nsecret\r\nzz\r\nmore", 11, "6\r\n******\r\nz*\r\n****", true)]
    [InlineData("secret\r\nzz\r\nmore", 8, "******\r\nz*\r\n****", false)]
    public void Body_ShowsItsFrame_AndNoData(string body, int placeInBody, string expected, bool beginsWithHead)
    {
        string head = beginsWithHead ? "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" : "";
        byte[] bytes = Encoding.Latin1.GetBytes(head + body);
        var record = new MessageRecord
        {
            Part = MessagePart.RequestBody, Reason = RejectReason.BadChunkSize, Place = head.Length + placeInBody, BeginsWithHead = beginsWithHead,
            KeptBytes = bytes.Length,
        };
        byte[] kept = [.. bytes];
        Hides.Apply(bytes, record, kept);
        Assert.Equal(head + expected, Encoding.Latin1.GetString(kept));
    }

    /// <summary>What broke is no size: then it cannot be told where the data ends, or where trailers begin.</summary>
    [Theory]
    [InlineData(nameof(RejectReason.BadChunkEnd), "se\ncret!more", 7, "**\n****!****")]
    [InlineData(nameof(RejectReason.BadTrailer), "secret\r\n0\r\nCookie: secret\r\nA B: 1\r\n", 28, "******\r\n*\r\n******* ******\r\n* ** *\r\n")]
    public void LaterPartOfABody_ShowsNothingButThePlace(string reason, string body, int place, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(body);
        var record = new MessageRecord
        {
            Part = MessagePart.RequestBody, Reason = Enum.Parse<RejectReason>(reason), Place = place, KeptBytes = bytes.Length,
        };
        byte[] kept = [.. bytes];
        Hides.Apply(bytes, record, kept);
        Assert.Equal(expected, Encoding.Latin1.GetString(kept));
    }

    /// <summary>A request, if it is one, of which even the line may be data.</summary>
    [Fact]
    public void WhatMayBeTheRestOfABody_ShowsThePlaceOnly()
    {
        byte[] bytes = "secret{data\r\n\r\nmore"u8.ToArray();
        var record = new MessageRecord { Reason = RejectReason.BadMethodToken, Place = 6, KeptBytes = bytes.Length };
        byte[] kept = [.. bytes];
        Hides.Apply(bytes, record, kept);
        Assert.Equal("******{****\r\n\r\n****", Encoding.ASCII.GetString(kept));
    }

    [Fact]
    public void PlaceItBrokeAt_IsNeverOverwritten()
    {
        byte[] bytes = "GET /?a=b\"c HTTP/1.1\r\n\r\n"u8.ToArray();
        var record = new MessageRecord { Reason = RejectReason.BadTarget, Place = 9, BeginsWithHead = true, KeptBytes = bytes.Length };
        byte[] kept = [.. bytes];
        Hides.Apply(bytes, record, kept);
        Assert.Equal("GET /?a=*\"* HTTP/1.1\r\n\r\n", Encoding.ASCII.GetString(kept));
    }
}
