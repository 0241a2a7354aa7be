using System;
using NativeProxy.Buffers;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

public class ExchangeLogTextTests
{
    private const string Head = "PUT /a?b HTTP/1.1\r\nHost: example.org\r\nUser-Agent: me/1\r\n\r\n";

    private readonly BufferPools _pools = new(1024 * 1024);

    [Fact]
    public void Texts_OutliveTheBytes()
    {
        ExchangeLogText text = Take(Head, withFields: true, wipe: true);

        Assert.Equal(
            ("PUT", "/a?b", "example.org", "me/1"),
            (Wire.Text(text.Method), Wire.Text(text.Target), Wire.Text(text.Host), Wire.Text(text.UserAgent)));
        text.Release(_pools);
    }

    [Fact]
    public void WithoutFields_OnlyTheFirstLineIsKept()
    {
        ExchangeLogText text = Take(Head, withFields: false);

        Assert.Equal("/a?b", Wire.Text(text.Target));
        Assert.True(text.Host.IsEmpty && text.UserAgent.IsEmpty);
        text.Release(_pools);
    }

    [Fact]
    public void MissingFields_AreEmpty()
    {
        ExchangeLogText text = Take("GET / HTTP/1.0\r\n\r\n", withFields: true);

        Assert.True(text.Host.IsEmpty && text.UserAgent.IsEmpty);
        text.Release(_pools);
    }

    [Fact]
    public void LongTexts_AreCutToTheirShareOfTheBlock()
    {
        string letters = new('x', 5000);
        ExchangeLogText text = Take($"{letters[..300]} /{letters} HTTP/1.1\r\nHost: {letters}\r\nUser-Agent: {letters}\r\n\r\n", withFields: true);

        Assert.Equal((256, 1024, 256, 256), (text.Method.Length, text.Target.Length, text.Host.Length, text.UserAgent.Length));
        text.Release(_pools);
    }

    [Fact]
    public void Release_ReturnsTheBlockAndEmptiesTheTexts()
    {
        ExchangeLogText text = Take(Head, withFields: true);
        Assert.Equal(1, _pools.LentCount);

        text.Release(_pools);
        text.Release(_pools);

        Assert.Equal(0, _pools.LentCount);
        Assert.True(text.Method.IsEmpty && text.Target.IsEmpty && text.Host.IsEmpty && text.UserAgent.IsEmpty);
    }

    [Fact]
    public void TakeAgain_ReplacesTheTexts()
    {
        ExchangeLogText text = Take(Head, withFields: true);
        Wire.Request("GET /other HTTP/1.0\r\n\r\n", out RequestHead head);

        text.Take(_pools, Wire.Bytes("GET /other HTTP/1.0\r\n\r\n"), head, withFields: true);

        Assert.Equal(("GET", "/other", ""), (Wire.Text(text.Method), Wire.Text(text.Target), Wire.Text(text.UserAgent)));
        Assert.Equal(1, _pools.LentCount);
        text.Release(_pools);
    }

    [Fact]
    public void WithoutABlock_TheTextsAreEmpty()
    {
        var none = new BufferPools(0);
        var text = new ExchangeLogText();
        Wire.Request(Head, out RequestHead head);

        text.Take(none, Wire.Bytes(Head), head, withFields: true);

        Assert.True(text.Method.IsEmpty && text.Target.IsEmpty);
        text.Release(none);
    }

    private ExchangeLogText Take(string head, bool withFields, bool wipe = false)
    {
        var text = new ExchangeLogText();
        byte[] bytes = Wire.Bytes(head);
        var table = new RequestHead(fieldCountMax: 10);
        Assert.Equal(ParseStatus.Done, RequestHeadParser.Parse(bytes, new HeadLimits(64 * 1024, 10, 16 * 1024), table).Status);
        text.Take(_pools, bytes, table, withFields);
        if (wipe)
            bytes.AsSpan().Clear();
        return text;
    }
}
