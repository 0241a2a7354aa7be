using System;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Json;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>The three line shapes, and that nothing a client sends can add a line, a field or a value to them.</summary>
public sealed class AccessFormatTests
{
    /// <summary>The fields that <see cref="JsonLine_HasEveryFieldWithItsValue"/> lists.</summary>
    private const int JsonFieldCount = 48;

    private readonly LogNames _names = SampleRecords.Names();

    private string Line(AccessLogStyle style, in AccessRecord record)
    {
        LogText text = new();
        switch (style)
        {
            case AccessLogStyle.Haproxy:
                HaproxyFormat.Append(text, record, _names);
                break;
            case AccessLogStyle.Combined:
                CombinedFormat.Append(text, record);
                break;
            default:
                JsonFormat.Append(text, record, _names);
                break;
        }

        string line = Encoding.UTF8.GetString(text.Bytes);
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
        return line[..^1];
    }

    [Fact]
    [Trait("promise", "B4")]
    public void HaproxyLine_IsTheDocumentedExample() => Assert.Equal(
        "127.0.0.1:40000 [22/Nov/2026:10:11:12.123] web app/a 0/0/1/2/3 200 150 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\" cc=12/3/4500 "
        + "sc=7/2/1200/reused da=10.0.0.7:9001 rt=none rs=- why=-",
        Line(AccessLogStyle.Haproxy, SampleRecords.Get()));

    [Fact]
    public void HaproxyLineOfABadRequest_NamesTheListenerAndNoServer()
    {
        AccessRecord record = new()
        {
            Numbers = new AccessNumbers
            {
                StartWallMs = SampleRecords.WallMs,
                ClientPort = 1,
                ListenerName = 1,
                EndedBy = (byte)'P',
                EndedIn = (byte)'R',
                Status = 400,
                ClientConnectionId = 9,
                ClientRequestNumber = 1,
                CloseReasonName = 4,
            },
            ClientAddress = new byte[16],
        };
        Assert.Equal(
            ":::1 [22/Nov/2026:10:11:12.123] web web/<NOSRV> -1/-1/-1/-1/-1 400 0 - - PR-- 0/0/0/0/0 0/0 \"<BADREQ>\" cc=9/1/0 sc=0/0/0/- da=- "
            + "rt=none rs=idle_timeout why=-",
            Line(AccessLogStyle.Haproxy, record));
    }

    [Fact]
    public void PeerAndNames_StandBehindTheLine_WhereThereAreSome()
    {
        AccessRecord record = SampleRecords.Get();
        record.PeerAddress = new byte[] { 10, 0, 0, 9 };
        record.RequestId = "abc-1"u8;
        record.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"u8;

        Assert.EndsWith(
            " rs=- why=- peer=10.0.0.9 id=abc-1 trace=4bf92f3577b34da6a3ce929d0e0e4736", Line(AccessLogStyle.Haproxy, record),
            StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, record));
        Assert.Equal(
            ("10.0.0.9", "abc-1", "4bf92f3577b34da6a3ce929d0e0e4736"),
            (document.RootElement.GetProperty("peer").GetString(), document.RootElement.GetProperty("request_id").GetString(),
                document.RootElement.GetProperty("trace_id").GetString()));
    }

    [Theory]
    [InlineData("2001:db8::7", "[2001:db8::7]:9001")]
    [InlineData("::ffff:10.0.0.7", "10.0.0.7:9001")]
    [InlineData(null, "-")]
    public void AddressThatWasDialled_IsShownAsOneWouldWriteIt(string? address, string expected)
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.ServerAddress = address is null ? default : PeerAddress.Of(IPAddress.Parse(address), 9001);
        Assert.Contains($" da={expected} rt=", Line(AccessLogStyle.Haproxy, record));
        using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, record));
        Assert.Equal(address is null ? null : expected, document.RootElement.GetProperty("server_address").GetString());
    }

    [Fact]
    public void LineWithoutStatus_SaysMinusOne_AndCombinedADash()
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.Status = new AccessNumbers().Status;
        Assert.Contains(" 0/0/1/2/3 -1 150 ", Line(AccessLogStyle.Haproxy, record));
        Assert.Contains(",\"status\":-1,", Line(AccessLogStyle.Json, record));
        Assert.Contains("\" - 97 \"", Line(AccessLogStyle.Combined, record));
    }

    [Theory]
    [InlineData(ServerConnectionOrigin.None, "/-")]
    [InlineData(ServerConnectionOrigin.New, "/new")]
    [InlineData(ServerConnectionOrigin.Reused, "/reused")]
    internal void ServerConnectionOrigin_HasItsWord(ServerConnectionOrigin origin, string expected)
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.ServerOrigin = origin;
        Assert.Contains($"sc=7/2/1200{expected} ", Line(AccessLogStyle.Haproxy, record));
    }

    [Theory]
    [Trait("promise", "B4")]
    [InlineData(RetryCause.None, "none")]
    [InlineData(RetryCause.ConnectFailure, "connect_failure")]
    [InlineData(RetryCause.StaleReuse, "stale_reuse")]
    [InlineData(RetryCause.Unacknowledged, "unacknowledged")]
    public void RetryCause_StandsInTheFormatsWithConnectionColumns(object cause, string expected)
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.RetryCause = (RetryCause)cause;
        Assert.Contains($" rt={expected} rs=", Line(AccessLogStyle.Haproxy, record));
        Assert.Contains($"\"retry_cause\":\"{expected}\"", Line(AccessLogStyle.Json, record));
    }

    [Fact]
    public void RuleOfARefusal_StandsInTheFormatsWithConnectionColumns()
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.RejectName = _names.Register("bare_line_feed");
        Assert.EndsWith(" rs=- why=bare_line_feed", Line(AccessLogStyle.Haproxy, record), StringComparison.Ordinal);
        Assert.Contains(",\"reject\":\"bare_line_feed\"", Line(AccessLogStyle.Json, record));
    }

    /// <summary>First of what stands behind the line; where there is no route there is no column.</summary>
    [Theory]
    [InlineData("api", "api", "api")]
    [InlineData("a b\"c", "a\\x20b\\x22c", "a b\"c")]
    public void Route_StandsBehindTheLine_Escaped(string name, string shown, string json)
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.RouteName = _names.Register(name);
        record.RequestId = "abc-1"u8;
        Assert.EndsWith($" rs=- why=- route={shown} id=abc-1", Line(AccessLogStyle.Haproxy, record), StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, record));
        Assert.Equal(json, document.RootElement.GetProperty("route").GetString());
    }

    [Fact]
    public void CombinedLine_IsWhatItsToolsRead() => Assert.Equal(
        "127.0.0.1 - - [22/Nov/2026:10:11:12 +0000] \"GET / HTTP/1.1\" 200 97 \"http://example.com/start\" \"curl/8.0\"",
        Line(AccessLogStyle.Combined, SampleRecords.Get()));

    [Fact]
    public void CombinedLineWithoutTexts_HasDashes()
    {
        AccessRecord record = new() { Numbers = new AccessNumbers() };
        Assert.Equal("- - - [01/Jan/1970:00:00:00 +0000] \"-\" - 0 \"-\" \"-\"", Line(AccessLogStyle.Combined, record));
    }

    [Fact]
    public void JsonLine_HasEveryFieldWithItsValue()
    {
        using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, SampleRecords.Get("/a?b=c")));
        string fields = string.Join(' ', document.RootElement.EnumerateObject().Select(p => $"{p.Name}={p.Value}"));
        Assert.Equal(
            "time=2026-11-22T10:11:12.123Z client=127.0.0.1 client_port=40000 peer= tls_version= tls_cipher= tls_resumed= tls_name= "
            + "listener=web route= upstream=app server=a request_ms=0 "
            + "queue_ms=0 connect_ms=1 response_ms=2 total_ms=3 " +
            "status=200 bytes_sent=150 body_bytes_sent=97 bytes_received=80 method=GET target=/a?b=c version=HTTP/1.1 host=example.com "
                + "user_agent=curl/8.0 referer=http://example.com/start request_id= trace_id= state=---- close_reason= reject= " +
            "client_connection_id=12 client_request_number=3 client_connection_age_ms=4500 server_connection_id=7 server_use_number=2 "
                + "server_idle_ms=1200 server_connection=reused server_address=10.0.0.7:9001 " +
            "retries=0 retry_cause=none actconn=1 feconn=1 beconn=1 srvconn=1 srv_queue=0 backend_queue=0",
            fields);
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("close_reason").ValueKind);
    }

    /// <summary>In HAProxy's line as HAProxy escapes it (its own log says <c>GET /a#22b</c>), in the combined one as nginx does.</summary>
    [Theory]
    [InlineData("/\r\n127.0.0.1 forged", "/#0D#0A127.0.0.1 forged", "/\\x0D\\x0A127.0.0.1 forged")]
    [InlineData("/\" 200 1 \"x", "/#22 200 1 #22x", "/\\x22 200 1 \\x22x")]
    [InlineData("/back\\x22slash#22", "/back\\x22slash#2322", "/back\\x5Cx22slash#22")]
    [InlineData("/\0\u001b[31m\u007f", "/#00#1B[31m#7F", "/\\x00\\x1B[31m\\x7F")]
    [InlineData("/\u00e4\u00ff", "/#E4#FF", "/\\xE4\\xFF")]
    [InlineData("/plain~!$%&'()*+,-./:;<=>?@[]^_`{|}", "/plain~!$%&'()*+,-./:;<=>?@[]^_`{|}", "/plain~!$%&'()*+,-./:;<=>?@[]^_`{|}")]
    public void HostileTarget_StaysInsideItsQuotes(string target, string haproxy, string combined)
    {
        Assert.Contains($"\"GET {haproxy} HTTP/1.1\" cc=", Line(AccessLogStyle.Haproxy, SampleRecords.Get(target)));
        Assert.Contains($"\"GET {combined} HTTP/1.1\" 200 ", Line(AccessLogStyle.Combined, SampleRecords.Get(target)));
    }

    [Theory]
    [InlineData("/\r\n{\"status\":200}", "/\r\n{\"status\":200}")]
    [InlineData("/\",\"status\":500,\"x\":\"", "/\",\"status\":500,\"x\":\"")]
    [InlineData("/back\\slash\\", "/back\\slash\\")]
    [InlineData("/\0\u001b\u007f", "/\0\u001b\u007f")]
    [InlineData("/\u00c3\u00a4", "/\u00e4")]
    [InlineData("/\u00e4\u00ff", "/\\xE4\\xFF")]
    [InlineData("/\u00e2\u0082", "/\\xE2\\x82")]
    public void HostileTarget_IsOneJsonStringAndNothingElse(string targetBytes, string expected)
    {
        using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, SampleRecords.Get(targetBytes)));
        Assert.Equal(expected, document.RootElement.GetProperty("target").GetString());
        Assert.Equal(200, document.RootElement.GetProperty("status").GetInt32());
        Assert.Equal(JsonFieldCount, document.RootElement.EnumerateObject().Count());
    }

    [Fact]
    public void EveryByteInEveryText_KeepsEachStyleOneWellFormedLine()
    {
        for (int value = 0; value < 256; value++)
        {
            byte[] text = [(byte)'a', (byte)value, (byte)'b'];
            AccessRecord record = SampleRecords.Get();
            record.Method = text;
            record.Target = text;
            record.Version = text;
            record.Host = text;
            record.UserAgent = text;
            record.Referer = text;
            string haproxy = Line(AccessLogStyle.Haproxy, record);
            string combined = Line(AccessLogStyle.Combined, record);
            Assert.All(haproxy + combined, c => Assert.InRange(c, ' ', '~'));
            Assert.Equal(2, haproxy.Count(c => c == '"'));
            Assert.Equal(6, combined.Count(c => c == '"'));
            using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, record));
            Assert.Equal(JsonFieldCount, document.RootElement.EnumerateObject().Count());
        }
    }

    [Fact]
    public void NameWithSpacesAndLineEnds_StaysOneField()
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.ListenerName = _names.Register("my web\n\"x\"");
        Assert.Contains("] my\\x20web\\x0A\\x22x\\x22 app/a ", Line(AccessLogStyle.Haproxy, record));
        using JsonDocument document = JsonDocument.Parse(Line(AccessLogStyle.Json, record));
        Assert.Equal("my web\n\"x\"", document.RootElement.GetProperty("listener").GetString());
    }

    [Fact]
    public void TerminationLetterThatIsNoLetter_BecomesADash()
    {
        AccessRecord record = SampleRecords.Get();
        record.Numbers.EndedBy = (byte)'\n';
        record.Numbers.EndedIn = (byte)'H';
        Assert.Contains(" -H-- ", Line(AccessLogStyle.Haproxy, record));
    }
}
