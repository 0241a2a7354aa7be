using System;
using System.Linq;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>Lines of a template: each field says what JSON says, and nothing from outside makes a line or a field.</summary>
[Trait("promise", "B4")]
public sealed class LineTemplateTests
{
    [Theory]
    [InlineData("{client}:{client_port} {listener} {upstream}/{server} {status}", "127.0.0.1:40000 web app/a 200")]
    [InlineData("{time} [{time_haproxy}] [{time_combined}]",
        "2026-11-22T10:11:12.123Z [22/Nov/2026:10:11:12.123] [22/Nov/2026:10:11:12 +0000]")]
    [InlineData("{request_ms}/{queue_ms}/{connect_ms}/{response_ms}/{total_ms}", "0/0/1/2/3")]
    [InlineData("\"{request}\" {method} {target} {path} {query} {version}", "\"GET /p?q=1 HTTP/1.1\" GET /p?q=1 /p q=1 HTTP/1.1")]
    [InlineData("{bytes_sent} {body_bytes_sent} {bytes_received}", "150 97 80")]
    [InlineData("{host} {user_agent} \"{referer}\"", "example.com curl/8.0 \"http://example.com/start\"")]
    [InlineData("{state} {close_reason} {reject} {route} {peer} {request_id} {trace_id}", "---- - - - 127.0.0.1 - -")]
    [InlineData("{client_connection_id} {client_request_number} {client_connection_age_ms}", "12 3 4500")]
    [InlineData("{server_connection_id} {server_use_number} {server_idle_ms} {server_connection}", "7 2 1200 reused")]
    [InlineData("{server_address} {retries} {retry_cause}", "10.0.0.7:9001 0 none")]
    [InlineData("{actconn}/{feconn}/{beconn}/{srvconn} {srv_queue}/{backend_queue} {time_unix_ms}", "1/1/1/1 0/0 1795342272123")]
    [InlineData("{tls_version} {tls_cipher} {tls_resumed} {tls_name}", "TLSv1.3 AES full site.example")]
    [InlineData("{{\"a\"} {{{status}}", "{\"a\"} {200}")]
    [InlineData("a\tb", "a\tb")]
    public void EachField_SaysWhatTheRecordHas(string template, string line)
    {
        AccessRecord record = SampleRecords.Get("/p?q=1");
        record.Tls = "TLSv1.3 AES full site.example"u8;
        Assert.Equal(line, TemplateTrial.Line(template, record));
    }

    [Fact]
    public void EachFieldThatThereIs_HasAPlaceInALine()
    {
        foreach (string name in AccessFields.Names.Where(static name => !name.EndsWith("NAME", StringComparison.Ordinal)))
            Assert.NotEqual("", TemplateTrial.Line($"{{{name}}}", SampleRecords.Get("/p?q")));
    }

    [Theory]
    [InlineData("{user_agent}|{method}", "a|b c", "a\\x7Cb\\x20c|GET")]
    [InlineData("ua={user_agent} x", "a=b c", "ua=a\\x3Db\\x20c x")]
    [InlineData("\"{user_agent}\"", "a\" \"b\\", "\"a\\x22 \\x22b\\x5C\"")]
    [InlineData("\"x={user_agent} \" {user_agent}", "a b", "\"x=a b \" a\\x20b")]
    [InlineData("{user_agent}", "", "-")]
    [InlineData("\"{user_agent}\"", "", "\"-\"")]
    [InlineData("[{user_agent}]", "a\n[b]\u00e9", "[a\\x0A\\x5Bb\\x5D\\xE9]")]
    public void WhatComesFromOutside_IsEscapedByWhereItStands(string template, string agent, string line)
    {
        AccessRecord record = SampleRecords.Get();
        record.UserAgent = Encoding.Latin1.GetBytes(agent);
        Assert.Equal(line, TemplateTrial.Line(template, record));
    }

    /// <summary>Any bytes, in each text at once: still one line of as many fields as the template has.</summary>
    [Fact]
    public void HostileBytes_ForgeNeitherALineNorAField()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] = random.Next(3) == 0 ? "\r\n\t \"\\|;=[]{}\0"u8[random.Next(14)] : bytes[i];
            AccessRecord record = SampleRecords.Get();
            record.Target = record.UserAgent = record.Host = record.Method = record.RequestId = record.Version = bytes;

            string line = TemplateTrial.Line("{target}|{user_agent}|{host} \"{request}\" {request_id};{method}", record);

            Assert.True(line.All(static letter => letter is >= ' ' and <= '~'), $"seed {seed}: {line}");
            string[] quoted = line.Split('"');
            Assert.True(quoted.Length == 3, $"seed {seed}: {line}");
            Assert.True(quoted[0].Split(' ').Length == 2 && quoted[0].Split('|').Length == 3, $"seed {seed}: {line}");
            Assert.True(quoted[2].Split(' ').Length == 2 && quoted[2].Split(';').Length == 2, $"seed {seed}: {line}");
        }
    }

    [Fact]
    public void HeadersOfBothSides_AreShownByTheirNames()
    {
        const string Template = "{request_header.X-Tenant} \"{response_header.Server}\" {request_header.x-none} {response_header.Set-Cookie}";
        (LineTemplate template, CaptureList captures) = TemplateTrial.Of(Template);
        AccessRecord record = SampleRecords.Get();
        byte[] values = TemplateTrial.Capture(captures, Wire.Get("x-tenant: a b", "X-Tenant: c"),
            "HTTP/1.1 200 OK\r\nServer: it/1 \"x\"\r\nSet-Cookie: id=secret\r\nContent-Length: 0\r\n\r\n");
        LogText text = new();

        template.Append(text, record, SampleRecords.Names(), new CaptureView(values, captures, null));

        Assert.Equal("a\\x20b,\\x20c \"it/1 \\x22x\\x22\" - REDACTED", TemplateTrial.Checked(text));
        Assert.Equal(-1, values.AsSpan().IndexOf("secret"u8));
    }

    [Fact]
    public void ValuesOfAnotherList_AreNotTakenForThese()
    {
        (LineTemplate template, CaptureList captures) = TemplateTrial.Of("{request_header.A}");
        var other = new CaptureList(["B"], [], []);
        byte[] values = TemplateTrial.Capture(other, Wire.Get("B: of the list before"));
        LogText text = new();

        template.Append(text, SampleRecords.Get(), SampleRecords.Names(), new CaptureView(values, captures, null));

        Assert.Equal("-", TemplateTrial.Checked(text));
    }

    [Fact]
    public void CapturedValues_AreCutToTheirBounds()
    {
        string[] names = [.. Enumerable.Range(0, 10).Select(static i => $"X-{i}")];
        var list = new CaptureList(names, ["Y"], []);
        string letters = new('x', 700);

        byte[] values = TemplateTrial.Capture(list, Wire.Get([.. names.Select(name => $"{name}: {letters}")]),
            "HTTP/1.1 200 OK\r\nY: 1\r\nContent-Length: 0\r\n\r\n");

        Assert.True(values.Length <= CaptureList.RecordBytesMax);
        Assert.True(CapturedValues.TryRead(values, list, 0, out ReadOnlySpan<byte> first));
        Assert.Equal(CaptureList.ValueBytesMax, first.Length);
        Assert.True(CapturedValues.TryRead(values, list, 3, out ReadOnlySpan<byte> fourth));
        Assert.InRange(fourth.Length, 1, CaptureList.ValueBytesMax - 1);
        for (int i = 4; i < 11; i++)
            Assert.False(CapturedValues.TryRead(values, list, i, out _));
    }

    [Fact]
    public void CapturesInTheHaproxyLine_StandInBracesAsItsOwn_AndInJsonByName()
    {
        var list = new CaptureList(["X-A", "X-B"], ["Server"], []);
        byte[] values = TemplateTrial.Capture(list, Wire.Get("X-B: b|}#"), "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n");
        LogText haproxy = new();
        LogText json = new();
        var view = new CaptureView(values, list, null);

        HaproxyFormat.Append(haproxy, SampleRecords.Get(), SampleRecords.Names(), view);
        JsonFormat.Append(json, SampleRecords.Get(), SampleRecords.Names(), view);

        Assert.Contains(" 0/0 {|b#7C#7D#23} {s} \"GET / HTTP/1.1\" ", TemplateTrial.Checked(haproxy), StringComparison.Ordinal);
        Assert.EndsWith("\"request_headers\":{\"x-a\":null,\"x-b\":\"b|}#\"},\"response_headers\":{\"server\":\"s\"}}", TemplateTrial.Checked(json),
            StringComparison.Ordinal);
    }
}
