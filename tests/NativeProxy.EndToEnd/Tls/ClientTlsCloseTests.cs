using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// Each reason for which TLS ends the connection of a client: what the client gets, the line with the reason and the words of whoever knows more, the
/// counters; and that a connection beside it and one after it are served.
/// </summary>
[Trait("layer", "no")] // it is a layer
[Trait("promise", "S4.10")]
public sealed class ClientTlsCloseTests
{
    private const string ShortHello = "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001";

    [Fact]
    [Trait("close", "client:tls_timeout")]
    public async Task ClientThatSaysNothing_IsClosedAfterTheTimeOfAHandshake()
    {
        await using TlsScene scene = await TlsScene.Start(config => CloseScene.WithConnectionLog(config).Listener(TlsScene.Listening())
            .AddListener("quick", "app").Listener(TlsScene.Listening()).Listener("[listener.timeouts]", "handshake = \"100ms\""));
        await using TlsClient bystander = await scene.Connect();
        await using RawClient silent = await RawClient.Connect(scene.Proxy.Port("quick"));
        await silent.ExpectFin();
        silent.Close();

        await scene.ExpectFailure("tls_timeout", "proxy", "", bystander);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_timeouts_total{kind=\"handshake\"}"));
    }

    [Theory]
    [Trait("close", "client:tls_aborted")]
    [InlineData(false, "peer")]
    [InlineData(true, "peer_reset")]
    public async Task ClientThatLeavesInTheHandshake_HasAborted(bool withReset, string by)
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient bystander = await scene.Connect();
        await using RawClient leaving = await RawClient.Connect(scene.Port);
        await leaving.Send(ShortHello);
        await scene.Proxy.WaitForMetric(TlsScene.Running, 1);
        if (withReset)
            leaving.Reset();
        else
            leaving.Close();

        await scene.ExpectFailure("tls_aborted", by, "", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_alert")]
    public async Task ClientThatDoesNotBelieveTheCertificate_SaysSoByAnAlert()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient bystander = await scene.Connect();
        await using TlsClient client = await TlsClient.Begin(scene.Port, TlsEnd.Client(), name: "b.test");
        Assert.Equal("certificate verify failed", await client.ExpectRefusal());

        await scene.ExpectFailure("tls_alert", "peer", "b.test: sslv3 alert bad certificate", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_plain_http")]
    public async Task PlainHttp_IsAnsweredWith400InPlainText()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient bystander = await scene.Connect();
        await using RawClient plain = await RawClient.Connect(scene.Port);
        HttpResponse response = await plain.Ask();
        Assert.Equal((400, "close"), (response.Status, response.Connection));
        await plain.ExpectFin();
        plain.Close();

        await scene.ExpectFailure("tls_plain_http", "proxy", "", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_no_handshake")]
    public async Task WhatIsNeitherTlsNorHttp_GetsNoAnswerInPlainText()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient bystander = await scene.Connect();
        await using RawClient stranger = await RawClient.Connect(scene.Port);
        await stranger.Send("\0\0\0\u0001ssh");
        await stranger.ExpectEnd();
        stranger.Close();

        await scene.ExpectFailure("tls_no_handshake", "proxy", "no handshake record", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_version")]
    public async Task ClientWithoutAVersionThatIsSpoken_IsToldSo()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening("min_version = \"1.3\""));
        await using TlsClient bystander = await scene.Connect();
        await using TlsClient old = await TlsClient.Begin(scene.Port, TlsEnd.Client(max: LibSsl.Tls12));
        Assert.Equal("tlsv1 alert protocol version", await old.ExpectRefusal());

        await scene.ExpectFailure("tls_version", "proxy", "a.test: unsupported protocol", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_cipher")]
    public async Task ClientWithoutACipherThatIsSpoken_IsToldSo()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening("cipher_suites = [\"TLS_AES_128_GCM_SHA256\"]"));
        await using TlsClient bystander = await scene.Connect();
        await using TlsClient other = await TlsClient.Begin(
            scene.Port, TlsEnd.Client(min: LibSsl.Tls13).With("ALL", "TLS_CHACHA20_POLY1305_SHA256"));
        Assert.Equal("sslv3 alert handshake failure", await other.ExpectRefusal());

        await scene.ExpectFailure("tls_cipher", "proxy", "a.test: no shared cipher", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_protocol")]
    public async Task ClientWithoutAProtocolThatIsSpoken_IsToldSo()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient bystander = await scene.Connect();
        await using TlsClient other = await TlsClient.Begin(scene.Port, TlsEnd.Client().Offering("spdy/3"));
        Assert.Equal("tlsv1 alert no application protocol", await other.ExpectRefusal());

        await scene.ExpectFailure("tls_protocol", "proxy", "a.test: no application protocol", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_unknown_name")]
    public async Task NameOfNobody_IsRefusedWhereOthersAre()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening("unknown_name = \"refuse\""));
        await using TlsClient bystander = await scene.Connect();
        await using TlsClient lost = await TlsClient.Begin(scene.Port, name: "nobody.test");
        Assert.Equal("tlsv1 unrecognized name", await lost.ExpectRefusal());

        await scene.ExpectFailure("tls_unknown_name", "proxy", "nobody.test: callback failed", bystander);
    }

    [Fact]
    [Trait("close", "client:tls_bad_record")]
    public async Task RecordThatCannotBeOpened_EndsItsConnectionAlone()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        await using TlsClient bystander = await scene.Connect();
        await using TlsClient client = await scene.Connect();
        await client.Ask();
        await client.Socket.SendAsync((byte[])[23, 3, 3, 0, 32, .. new byte[32]]);
        Assert.Equal("sslv3 alert bad record mac", await client.ExpectRefusal());
        client.Http.Reset();

        await scene.ExpectFailure("tls_bad_record", "proxy", "a.test: decryption failed or bad record mac", bystander, isHandshake: false);
    }

    [Fact]
    [Trait("close", "client:tls_limit")]
    public async Task ClientBehindAPROXYHeader_ForWhoseHandshakeThereIsNoRoom_IsClosed()
    {
        byte[] header = "PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n"u8.ToArray();
        await using TlsScene scene = await TlsScene.Start(["proxy_protocol = true", "limits.handshakes = 1", .. TlsScene.Listening()]);
        await using TlsClient bystander = await TlsClient.Connect(scene.Port, before: header);
        await using RawClient first = await RawClient.Connect(scene.Port);
        await using RawClient second = await RawClient.Connect(scene.Port);
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 3);
        await first.Send(header);
        await scene.Proxy.WaitForMetric(TlsScene.Running, 1);
        await second.Send(header);
        await second.ExpectFin();
        second.Close();

        await CloseScene.ExpectClose(scene.Proxy, "client", "tls_limit", "proxy");
        Assert.Equal((0, 1), (await scene.Handshakes("failed"), await scene.Proxy.Metric(TlsScene.Running)));
        first.Reset();
        Assert.Equal(200, (await bystander.Ask()).Status);
        await using TlsClient next = await TlsClient.Connect(scene.Port, before: header);
        Assert.Equal(200, (await next.Ask()).Status);
    }

    [Fact]
    public async Task HandshakesBeyondTheLimit_WaitWithTheKernel_UntilOneEnds()
    {
        await using TlsScene scene = await TlsScene.Start(["limits.handshakes = 1", .. TlsScene.Listening()]);
        await using RawClient first = await RawClient.Connect(scene.Port);
        await scene.Proxy.WaitForMetric(TlsScene.Running, 1);
        await using TlsClient second = await TlsClient.Begin(scene.Port);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_accepted_total"));
        Assert.False(second.Tls.Secured.IsCompleted);
        first.Reset();

        Assert.Equal(200, (await second.Ask()).Status);
        await CloseScene.ExpectClose(scene.Proxy, "client", "tls_aborted", "peer_reset");
    }
}
