using NativeProxy.Claims;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Claims;

/// <summary>What counts of what peers say about their clients, and what servers are told.</summary>
public class ClientClaimsTests
{
    private const string Proxy = "127.0.0.9";
    private const string Stranger = "127.0.3.7";

    private static readonly string[] Forged =
    [
        "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /x",
        "X-Forwarded-User: root", "Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6", "X-Original-To: 6.6.6.6", "x-forwarded-for: 7.7.7.7",
    ];

    [Theory]
    [InlineData("")]
    [InlineData("untrusted = \"append\"")]
    [InlineData("x_forwarded_for = false")]
    public void ListenerThatTrustsNobodyAndThrowsNothingAway_DecidesNothing(string lines) => Assert.True(new ClaimTrial(lines).DecidesNothing);

    [Theory]
    [InlineData("untrusted = \"replace\"")]
    [InlineData("trusted = [\"127.0.0.9\"]")]
    [InlineData("trusted = [\"127.0.0.9\"]\nuntrusted = \"replace\"\nexcept = [\"127.0.0.9\"]")]
    public void ClaimsOfAStranger_AreThrownAway(string lines) => Assert.Equal(
        ["X-Kept: 1", "X-Forwarded-For: 127.0.3.7", "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:81"],
        new ClaimTrial(lines).Fields(Stranger, ["X-Kept: 1", .. Forged]));

    [Theory]
    [InlineData("X_Forwarded_For: 6.6.6.6")]
    [InlineData("x-forwarded_for: 6.6.6.6")]
    [InlineData("X_Real_IP: 6.6.6.6")]
    [InlineData("X.Forwarded.Proto: https")]
    [InlineData("X-Forwarded-Client_Cert: x")]
    [InlineData("X_ORIGINAL-TO: 6.6.6.6")]
    [InlineData("CF_Connecting_IP: 6.6.6.6")]
    public void Twins_AreThrownAway_WhoeverSendsThem(string line)
    {
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\"]\nclient_header = \"CF-Connecting-IP\"");
        Assert.DoesNotContain(line, trial.Fields(Stranger, line));
        Assert.DoesNotContain(line, trial.Fields(Proxy, line));
    }

    [Theory]
    [InlineData("X-Forwarde: 1")]
    [InlineData("X-Forwarded: 1")]
    [InlineData("X-Forwarded-: 1")]
    [InlineData("XForwarded-For: 1")]
    [InlineData("X-Real-IPs: 1")]
    [InlineData("X_Custom_Field: 1")]
    [InlineData("From: a@b")]
    [InlineData("Xa: 1")]
    public void OtherFields_Pass(string line) =>
        Assert.Contains(line, new ClaimTrial("untrusted = \"replace\"").Fields(Stranger, line));

    [Fact]
    public void WordOfATrustedPeer_Stays_AndItsAddressIsAppended()
    {
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\"]");
        Assert.Equal(
            [
                "X-Forwarded-Prefix: /p", "X-Forwarded-For: 192.0.2.5, 192.0.2.6, 127.0.0.9", "X-Forwarded-Proto: https",
                "X-Forwarded-Host: real.example",
            ],
            trial.Fields(
                Proxy, "X-Forwarded-For: 192.0.2.5", "X-Forwarded-Proto: https", "X-Forwarded-Host: real.example", "X-Forwarded-Prefix: /p",
                "X-Forwarded-For: 192.0.2.6"));
        Assert.True(trial.Verdict.IsHttps);
    }

    [Theory]
    [InlineData("X-Forwarded-Proto: https", true)]
    [InlineData("X-Forwarded-Proto: HTTPS", true)]
    [InlineData("X-Forwarded-Proto: http, https", true)]
    [InlineData("X-Forwarded-Proto: https, http", false)]
    [InlineData("X-Forwarded-Proto: wss", true)]
    [InlineData("X-Forwarded-Proto: httpsx", false)]
    [InlineData("X-Forwarded-Proto:", false)]
    [InlineData("X-Forwarded-Proto: https,", false)]
    [InlineData("Forwarded: for=1.2.3.4;proto=https", false)]
    public void SchemeOfTheClient_IsWhatATrustedPeerSays(string line, bool isHttps)
    {
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\"]");
        trial.ClientOf(Proxy, line);
        Assert.Equal(isHttps, trial.Verdict.IsHttps);
        trial.ClientOf(Stranger, line);
        Assert.False(trial.Verdict.IsHttps);
    }

    [Fact]
    public void SchemeOfForwarded_IsThatOfTheElementThatNamesTheClient()
    {
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\", \"10.0.0.0/8\"]\nclient_header = \"forwarded\"");
        trial.ClientOf(Proxy, "Forwarded: for=6.6.6.6;proto=http, for=203.0.113.4;proto=https, for=10.0.0.1;proto=http");
        Assert.True(trial.Verdict.IsHttps);
        trial.ClientOf(Proxy, "Forwarded: for=6.6.6.6;proto=https, for=203.0.113.4;proto=http, for=10.0.0.1;proto=https");
        Assert.False(trial.Verdict.IsHttps);
    }

    [Fact]
    public void PeerThatSpeaksTlsWithABalancer_IsAnHttpsClient()
    {
        var trial = new ClaimTrial("untrusted = \"replace\"\nforwarded = true") { PeerIsHttps = true };
        Assert.Equal(["https"], trial.Values("X-Forwarded-Proto", Stranger));
        Assert.True(trial.Verdict.IsHttps);
        Assert.Equal(["for=127.0.3.7;by=198.51.100.1;host=\"a.example:81\";proto=https"], trial.Values("Forwarded", Stranger));
    }

    /// <summary>What it says itself about a client, and what passes of others, stands; nothing is put to it.</summary>
    [Fact]
    public void ExemptPeer_GetsNothingAdded()
    {
        var trial = new ClaimTrial("except = [\"127.0.0.9\"]\nx_real_ip = true\nx_forwarded_port = true\nx_original_to = true\nforwarded = true");
        Assert.Equal([.. Forged], trial.Fields(Proxy, Forged));
        Assert.Equal(["6.6.6.6, 7.7.7.7, 127.0.3.7"], trial.Values("X-Forwarded-For", Stranger, Forged));
    }

    [Fact]
    public void FurtherFields_AreTheProxysOwn_WhateverAStrangerSays()
    {
        var trial = new ClaimTrial("x_real_ip = true\nx_forwarded_port = true\nx_original_to = true\nforwarded = true");
        string[] expected =
        [
            "X-Forwarded-For: 127.0.3.7", "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:81", "X-Forwarded-Port: 8080",
            "X-Original-To: 198.51.100.1", "X-Real-IP: 127.0.3.7", "Forwarded: for=127.0.3.7;by=198.51.100.1;host=\"a.example:81\";proto=http",
        ];
        Assert.Equal(expected, trial.Fields(Stranger));
        Assert.Equal(expected, trial.Fields(Stranger, "X-Real-IP: 6.6.6.6", "X-Forwarded-Port: 1", "x-original-to: 6.6.6.6", "X_Real_IP: 6.6.6.6"));
        Assert.Equal(
            expected,
            trial.Fields(Stranger, "X-Real-IP: 6.6.6.6", "Connection: X-Real-IP, X-Forwarded-Port, X-Forwarded-Proto, X-Original-To, Forwarded"));
    }

    [Fact]
    public void FurtherFields_SayWhatATrustedPeerSays_ButForTheClientThatWasDecided()
    {
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\"]\nx_real_ip = true\nx_forwarded_port = true\nx_original_to = true");
        Assert.Equal(
            [
                "X-Forwarded-For: 203.0.113.4, 127.0.0.9", "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:81", "X-Forwarded-Port: 443",
                "X-Original-To: 192.0.2.1", "X-Real-IP: 203.0.113.4",
            ],
            trial.Fields(Proxy, "X-Forwarded-For: 203.0.113.4", "X-Forwarded-Port: 443", "X-Original-To: 192.0.2.1", "X-Real-IP: 6.6.6.6"));
        Assert.Equal(["8080"], trial.Values("X-Forwarded-Port", Proxy));
    }

    [Fact]
    public void AddressThatNobodyKnows_IsNotTold()
    {
        var trial = new ClaimTrial("x_real_ip = true");
        Assert.Equal(
            ["X-Forwarded-For: 2001:db8::7", "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:81", "X-Real-IP: 2001:db8::7"],
            trial.Fields("2001:db8::7"));
        Assert.Equal("[2001:db8::7]:5000", trial.ClientOf("2001:db8::7"));
    }

    [Theory]
    [InlineData("for=192.0.2.5", "for=192.0.2.5, ")]
    [InlineData("for=192.0.2.5;x=\"a\\\"b\"", "for=192.0.2.5;x=\"a\\\"b\", ")]
    [InlineData("for=\"192.0.2.5", "")]
    [InlineData("x=\"a\\\"", "")]
    [InlineData("\\\"", "")]
    public void ReceivedElements_StandInFront_ButNotOneThatWouldSwallowOurs(string received, string inFront)
    {
        var trial = new ClaimTrial("trusted = [\"2001:db8::/32\"]\nforwarded = true") { Local = "2001:db8::1" };
        Assert.Equal(
            [$"{inFront}for=\"[2001:db8::7]\";by=\"[2001:db8::1]\";host=\"a.example:81\";proto=http"],
            trial.Values("Forwarded", "2001:db8::7", $"Forwarded: {received}"));
    }

    [Theory]
    [InlineData(Proxy)]
    [InlineData(Stranger)]
    public void Judging_AllocatesNothing(string peer)
    {
        var trial = new ClaimTrial("trusted = [\"127.0.0.9\"]\nx_real_ip = true\nforwarded = true");
        Assert.Equal(0, trial.AllocatedBy(500, peer, "X-Forwarded-For: 10.0.0.1, [2001:db8::1]:80", "X_Real_IP: 1", "X-Forwarded-Proto: https"));
    }

    [Theory]
    [InlineData("x-forwarded-for", ClaimKind.Claim)]
    [InlineData("X-FORWARDED-ANYTHING", ClaimKind.Claim)]
    [InlineData("forwarded", ClaimKind.Claim)]
    [InlineData("True_Client-IP", ClaimKind.Claim)]
    [InlineData("True-Client-IP", ClaimKind.Claim)]
    [InlineData("True.Client.IP", ClaimKind.Twin)]
    [InlineData("x_forwarded_x", ClaimKind.Twin)]
    [InlineData("host", ClaimKind.None)]
    [InlineData("x", ClaimKind.None)]
    public void Names_AreToldFromTheirTwins(string name, object kind) =>
        Assert.Equal(kind, new ClaimNames("true_client-ip", judgesCertificates: false).Of(Wire.Bytes(name)));
}
