using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Answers that are made shorter on their way.</summary>
public sealed class CompressionTests
{
    private const string Gzip = "compression = { algorithms = [\"gzip\"] }";

    private const string Takes = "Accept-Encoding: br, gzip\r\n";

    private static readonly string Text = string.Concat(Enumerable.Range(0, 500).Select(static i => $"line {i} of a text\n"));

    private static string Answer(string lines = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{lines}Content-Length: {Text.Length}\r\n\r\n{Text}";

    [Fact]
    public async Task Text_IsEncodedForThoseWhoTakeIt()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            Answer("ETag: \"abc\"\r\nAccept-Ranges: bytes\r\n"), static config => config.Listener(Gzip));
        for (int i = 0; i < 2; i++)
        {
            HttpResponse encoded = await scene.Client.Ask("/", Takes);
            Assert.Equal(
                ("gzip", "Accept-Encoding", "W/\"abc\"", null, null),
                (encoded.Field("Content-Encoding"), encoded.Field("Vary"), encoded.Field("ETag"), encoded.Field("Accept-Ranges"),
                    encoded.Field("Content-Length")));
            Assert.InRange(encoded.Body.Length, 100, Text.Length / 2);
            Assert.Equal(Text, Decoded(encoded.Body));
        }
        HttpResponse plain = await scene.Client.Ask();
        Assert.Equal(
            (null, "Accept-Encoding", "\"abc\"", Text),
            (plain.Field("Content-Encoding"), plain.Field("Vary"), plain.Field("ETag"), plain.Body));
        Assert.Equal(2, await scene.Proxy.Metric("nativeproxy_compressed_responses_total{result=\"compressed\"}"));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 2000\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: br\r\nContent-Length: 2000\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-transform\r\nContent-Length: 2000\r\n\r\n")]
    [InlineData("HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1999/9000\r\nContent-Length: 2000\r\n\r\n")]
    public async Task WhatMustNotBeTouched_IsNot(string head)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(head + new string('x', 2000), static config => config.Listener(Gzip));
        HttpResponse response = await scene.Client.Ask("/", Takes);
        Assert.Equal((null, "2000", 2000), (response.Field("Vary"), response.Field("Content-Length"), response.Body.Length));
    }

    [Fact]
    public async Task HeadOfAnAnswer_IsThatOfItsBody()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"abc\"\r\nContent-Length: 5000\r\n\r\n", static config => config.Listener(Gzip));
        await scene.Client.Send($"HEAD / HTTP/1.1\r\nHost: h\r\n{Takes}\r\n");
        HttpResponse encoded = await scene.Client.ReadResponse("HEAD");
        Assert.Equal(
            ("W/\"abc\"", "Accept-Encoding", null, null),
            (encoded.Field("ETag"), encoded.Field("Vary"), encoded.Field("Content-Length"), encoded.Field("Transfer-Encoding")));
        await scene.Client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Equal("5000", (await scene.Client.ReadResponse("HEAD")).Field("Content-Length"));
    }

    [Theory]
    [InlineData("If-None-Match: W/\"abc\"\r\n", "W/\"abc\"", "Accept-Encoding")]
    [InlineData("If-None-Match: \"abc\"\r\n", "\"abc\"", null)]
    public async Task AnswerThatNothingHasChanged_HasTheTagThatTheClientHasKept(string condition, string tag, string? vary)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            "HTTP/1.1 304 Not Modified\r\nETag: \"abc\"\r\n\r\n", static config => config.Listener(Gzip));
        await scene.Client.SendGet("/", Takes + condition);
        HttpResponse unchanged = await scene.Client.ReadResponse();
        Assert.Equal((304, tag, vary), (unchanged.Status, unchanged.Field("ETag"), unchanged.Field("Vary")));
    }

    [Fact]
    public async Task EventOfASlowStream_IsNotHeldBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(Gzip));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", Takes);
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        await client.ReadThrough("\r\n\r\n");
        var seen = new StringBuilder();
        for (int i = 1; i <= 3; i++)
        {
            string one = $"data: {i}\n\n";
            await server.Send($"{one.Length:x}\r\n{one}\r\n");
            int size = Convert.ToInt32((await client.ReadThrough("\r\n"))[..^2], 16);
            seen.Append((await client.Read(size + 2))[..size]);
            Assert.EndsWith(one, Decoded(seen.ToString()), StringComparison.Ordinal);
        }
        await server.Send("0\r\n\r\n");
        Assert.EndsWith("0\r\n\r\n", await client.ReadThrough("\r\n0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongNoise_ArrivesWhole()
    {
        byte[] noise = new byte[1024 * 1024];
        new Random(7).NextBytes(noise);
        string body = Encoding.Latin1.GetString(noise);
        await using AnsweringScene scene = await AnsweringScene.Start(
            $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\n\r\n{body}", static config => config.Listener(Gzip));
        HttpResponse response = await scene.Client.Ask("/", Takes);
        Assert.Equal("gzip", response.Field("Content-Encoding"));
        Assert.True(body == Decoded(response.Body), "the bytes are the same");
    }

    [Fact]
    public async Task AnswerOfTheCache_IsKeptPlain_AndEncodedForEach()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            Answer("Cache-Control: max-age=60\r\n"), static config => config.Listener(Gzip).Upstream("cache.bytes = \"8MiB\""));
        Assert.Equal(Text, Decoded((await scene.Client.Ask("/", Takes)).Body));
        Assert.Equal(Text, (await scene.Client.Ask()).Body);
        Assert.Equal(Text, Decoded((await scene.Client.Ask("/", Takes)).Body));
        Assert.Single(scene.Origin.Requests);
    }

    [Fact]
    public async Task RequestsBesideEachOther_AreEncodedInOrder()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            Answer(), static config => config.Listener("pipelining = 4", Gzip));
        await scene.Client.Send(string.Concat(Enumerable.Range(0, 8).Select(static i => RawClient.Get($"/{i}", i % 2 == 0 ? Takes : ""))));
        for (int i = 0; i < 8; i++)
        {
            HttpResponse response = await scene.Client.ReadResponse();
            Assert.Equal(Text, i % 2 == 0 ? Decoded(response.Body) : response.Body);
        }
    }

    [Fact]
    public async Task RouteMaySayOtherwise_AndOldClientsGetItPlain()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(Answer(), static config => config.Listener(Gzip)
            .Route("path = [\"/plain\"]", "upstream = \"app\"", "compression = { algorithms = [\"none\"] }")
            .Route("path = [\"/json\"]", "upstream = \"app\"", "compression = { types = [\"application/json\"] }"));
        foreach (string target in (string[])["/plain", "/json"])
            Assert.Equal((null, Text), ((await scene.Client.Ask(target, Takes)).Field("Vary"), (await scene.Client.Ask(target, Takes)).Body));
        await scene.Client.Send($"GET / HTTP/1.0\r\nConnection: keep-alive\r\n{Takes}\r\n");
        HttpResponse old = await scene.Client.ReadResponse();
        Assert.Equal(("keep-alive", Text), (old.Connection, old.Body));
    }

    private static string Decoded(string body)
    {
        using var stream = new GZipStream(new MemoryStream(Encoding.Latin1.GetBytes(body)), CompressionMode.Decompress);
        var all = new MemoryStream();
        byte[] room = new byte[4096];
        try
        {
            for (int count = stream.Read(room); count > 0; count = stream.Read(room))
                all.Write(room, 0, count);
        }
        catch (InvalidDataException)
        {
            // It has not come to its end.
        }
        return Encoding.Latin1.GetString(all.ToArray());
    }
}
