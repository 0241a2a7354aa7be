using System;
using System.IO;
using System.Net;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>To whom the API is served where TLS is spoken, and that nothing has changed where it is not.</summary>
public sealed class AdminGuardTests : IDisposable
{
    private const string Here = "127.0.0.1";
    private const string Elsewhere = "203.0.113.9";
    private const string Address = "192.0.2.1:9901";
    private const string Read = "Bearer only-for-reading-0123";
    private const string Write = "Bearer 0123456789abcdef0123456789abcdef";

    private static readonly EndpointSecurity Secured = new(null!, ["proxy.example", "*.wild.example", "192.0.2.1"]);

    private readonly string _writeFile = Path.GetTempFileName();
    private readonly string _readFile = Path.GetTempFileName();
    private readonly ServiceState _state = new();

    public AdminGuardTests()
    {
        File.WriteAllText(_writeFile, Write["Bearer ".Length..] + "\n");
        File.WriteAllText(_readFile, Read["Bearer ".Length..] + "\n");
    }

    public void Dispose()
    {
        File.Delete(_writeFile);
        File.Delete(_readFile);
    }

    /// <summary>R and W are the files that there are.</summary>
    [Theory]
    [InlineData("", "", false, 403)]
    [InlineData("", "", true, 403)]
    [InlineData("R", "", false, 401)]
    [InlineData("R", Read, false, 200)]
    [InlineData("R", Read, true, 403)]
    [InlineData("W", "", false, 401)]
    [InlineData("W", Write, false, 200)]
    [InlineData("W", Write, true, 200)]
    [InlineData("W", Read, false, 401)]
    [InlineData("RW", "", false, 401)]
    [InlineData("RW", Read, false, 200)]
    [InlineData("RW", Write, false, 200)]
    [InlineData("RW", Read, true, 401)]
    [InlineData("RW", Write, true, 200)]
    [InlineData("RW", Write + "x", false, 401)]
    public void FromElsewhere_TheApiNeedsTlsAndAToken(string files, string shown, bool isWrite, int status)
    {
        HaveTokens(files);
        Assert.Equal(status, Ask(Elsewhere, Address, isSecured: true, isWrite, shown));
        Assert.Equal(403, Ask(Elsewhere, Address, isSecured: false, isWrite, shown));
        Assert.Equal(status, Ask("", Address, isSecured: true, isWrite, shown));
        Assert.Equal(403, Ask("", Address, isSecured: false, isWrite, shown));
    }

    [Theory]
    [InlineData("", "", 200)]
    [InlineData("W", "", 200)]
    [InlineData("RW", "", 401)]
    [InlineData("RW", Read, 200)]
    public void OnThisMachine_WhoReadsIsAskedForATokenOnlyWhereThereIsOneForReading(string files, string shown, int status)
    {
        HaveTokens(files);
        foreach (bool isSecured in (bool[])[true, false])
            Assert.Equal(status, Ask(Here, "127.0.0.1:9901", isSecured, isWrite: false, shown));
    }

    /// <summary>A page whose name was turned round to this endpoint (DNS rebinding) has it in Host; no certificate of ours is for it.</summary>
    [Theory]
    [InlineData("proxy.example:9901", 200)]
    [InlineData("Proxy.EXAMPLE", 200)]
    [InlineData("localhost:9901", 200)]
    [InlineData("[2001:db8::1]:9901", 200)]
    [InlineData("198.51.100.7", 200)]
    [InlineData("evil.example:9901", 403)]
    [InlineData("evil.proxy.example", 403)]
    [InlineData("proxy.example.evil.example", 403)]
    [InlineData("proxy.example.", 403)]
    [InlineData("proxy.example@evil.example", 403)]
    [InlineData("wild.example", 403)]
    [InlineData("a.b.wild.example", 403)]
    [InlineData("*.wild.example", 403)]
    [InlineData("", 403)]
    public void OverTls_TheHostIsAnAddressOrANameOfTheCertificate(string host, int status)
    {
        HaveTokens("W");
        Assert.Equal(status, Ask(Here, host, isSecured: true));
        Assert.Equal(status, Ask(Elsewhere, host, isSecured: true, shown: Write));
        Assert.Equal(status, Ask(Here, host, isSecured: true, isWrite: true, shown: Write));
    }

    [Theory]
    [InlineData("proxy.example")]
    [InlineData("a.wild.example")]
    public void WithoutTls_NoNameOfACertificateCounts(string host) => Assert.Equal(403, Ask(Here, host, isSecured: false));

    /// <summary>Who else has a name below the wildcard may turn that round, and would have a page that a browser takes for ours.</summary>
    [Theory]
    [InlineData("", "", 403)]
    [InlineData("W", "", 401)]
    [InlineData("W", Write, 200)]
    [InlineData("RW", Read, 200)]
    public void NameThatAWildcardTakesIn_ReadsWithATokenOnly(string files, string shown, int status)
    {
        HaveTokens(files);
        Assert.Equal(status, Ask(Here, "a.wild.example:9901", isSecured: true, shown: shown));
        Assert.Equal(status, Ask(Elsewhere, "A.wild.example", isSecured: true, shown: shown));
    }

    [Theory]
    [InlineData("Origin: https://proxy.example:9901", 200)]
    [InlineData("Origin: http://proxy.example:9901", 403)]
    [InlineData("Origin: https://proxy.example", 403)]
    [InlineData("Origin: https://proxy.example:99019", 403)]
    [InlineData("Origin: https://evil.example", 403)]
    [InlineData("Origin: null", 403)]
    [InlineData("Origin: https://proxy.example:9901\r\nOrigin: https://proxy.example:9901", 403)]
    [InlineData("Sec-Fetch-Site: same-origin", 200)]
    [InlineData("Sec-Fetch-Site: none", 200)]
    [InlineData("Sec-Fetch-Site: same-site", 403)]
    [InlineData("Sec-Fetch-Site: cross-site", 403)]
    [InlineData("Host: proxy.example:9901", 403)]
    public void OverTls_APageIsOfThisVeryOrigin(string fields, int status)
    {
        HaveTokens("W");
        foreach (string peer in (string[])[Here, Elsewhere])
        {
            foreach (bool isWrite in (bool[])[true, false])
                Assert.Equal(status, Ask(peer, "proxy.example:9901", isSecured: true, isWrite, Write, fields));
        }
    }

    [Fact]
    public void WithoutTls_AnOriginOfHttpsIsForeign() =>
        Assert.Equal(403, Ask(Here, "127.0.0.1:9901", isSecured: false, fields: "Origin: https://127.0.0.1:9901"));

    [Fact]
    public void WhoIsRefusedFromElsewhere_IsToldWhatIsMissing()
    {
        SmallResponse plain = Answer(Elsewhere, Address, isSecured: false)!.Value;
        Assert.Contains("not encrypted", Encoding.ASCII.GetString(plain.Body.Span), StringComparison.Ordinal);
        SmallResponse tokenless = Answer(Elsewhere, Address, isSecured: true)!.Value;
        Assert.Contains("admin.read_token_file or admin.write_token_file", Encoding.ASCII.GetString(tokenless.Body.Span), StringComparison.Ordinal);
    }

    /// <summary>A stream of events goes on for as long as who reads it might begin one.</summary>
    [Fact]
    public void ReaderFromElsewhere_IsJudgedAnewAsOneFromElsewhere()
    {
        HaveTokens("RW");
        Func<bool> elsewhere = new AdminGuard(_state).ReaderOf(RequestOf(HeadOf(Address, Read), Elsewhere, isSecured: true));
        Func<bool> here = new AdminGuard(_state).ReaderOf(RequestOf(HeadOf("127.0.0.1", Read), Here, isSecured: true));
        Assert.Equal((true, true), (elsewhere(), here()));
        HaveTokens("W");
        Assert.Equal((false, true), (elsewhere(), here()));
        HaveTokens("");
        Assert.Equal((false, true), (elsewhere(), here()));
        HaveTokens("R");
        Assert.Equal((true, true), (elsewhere(), here()));
    }

    private void HaveTokens(string files) => _state.Tokens = new AdminTokens(
        files.Contains('R', StringComparison.Ordinal) ? _readFile : "", files.Contains('W', StringComparison.Ordinal) ? _writeFile : "");

    /// <summary>200 = not refused.</summary>
    private int Ask(string peer, string host, bool isSecured, bool isWrite = false, string shown = "", string fields = "X: y") =>
        Answer(peer, host, isSecured, isWrite, shown, fields)?.StatusCode ?? 200;

    private SmallResponse? Answer(string peer, string host, bool isSecured, bool isWrite = false, string shown = "", string fields = "X: y") =>
        new AdminGuard(_state).RefusalOf(RequestOf(HeadOf(host, shown, fields), peer, isSecured), isWrite);

    private static byte[] HeadOf(string host, string shown, string fields = "X: y") => Encoding.ASCII.GetBytes(
        $"GET /api/status HTTP/1.1\r\n{(host.Length > 0 ? $"Host: {host}\r\n" : "")}{fields}\r\n"
        + $"{(shown.Length > 0 ? $"Authorization: {shown}\r\n" : "")}\r\n");

    private static SmallRequest RequestOf(byte[] bytes, string peer, bool isSecured)
    {
        var head = new RequestHead(fieldCountMax: 64);
        Assert.NotEqual(ParseStatus.NeedMore, RequestHeadParser.Parse(bytes, new HeadLimits(8192, 64, 4096), head).Status);
        return new SmallRequest(head.MethodKind, head.Target.Of(bytes))
        {
            Peer = peer.Length > 0 ? IPAddress.Parse(peer) : null, Security = isSecured ? Secured : null, HeadBytes = bytes, Fields = head.Fields,
        };
    }
}
