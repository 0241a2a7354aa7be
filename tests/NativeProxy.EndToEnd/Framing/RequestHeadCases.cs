using System.Linq;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>Rows about the request line, Host and the syntax of fields.</summary>
internal static class RequestHeadCases
{
    private const string Plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    public static readonly RequestCase[] All =
    [
        // The first bytes.
        new RequestCase("leading-empty-lines")
            .Refuse(400, "\r\n\r\n\r\n\r\n\r\n" + Plain, "\n" + Plain, "\r" + Plain, "\r\n\n" + Plain, "\r\n\r" + Plain, " " + Plain, "\t" + Plain,
                "\0" + Plain)
            .Pass("\r\n" + Plain, Plain)
            .Pass("\r\n\r\n\r\n\r\n" + Plain, Plain),
        new RequestCase("http09")
            .Refuse(400, "GET /\r\n", "GET /\r\n\r\n", "GET / \r\n\r\n", "GET\r\n\r\n")
            .Refuse(505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n")
            .Pass("GET / HTTP/1.0\r\nHost: a\r\n\r\n", Plain),
        new RequestCase("http2-preface")
            .Refuse(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0",
                "GET / HTTP/2.0\r\nHost: a\r\n\r\n")
            .Pass("PRI / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new RequestCase("tls-hello")
            .Refuse(400, "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003" + new string('\u0011', 64) + "\r\n\r\n",
                "\u0016\u0003\u0003\0\u0005hello", "\u0080\u002e\u0001\u0003\u0001")
            .Pass(Plain),
        new RequestCase("method")
            .Refuse(400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
                "G\u00c9T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", "\"GET\" / HTTP/1.1\r\nHost: a\r\n\r\n")
            .Pass("G'T! / HTTP/1.1\r\nHost: a\r\n\r\n"),
        new RequestCase("target-bytes")
            .Refuse(400,
                [.. new[] { "", "/a b", "/a\tb", "/a\0b", "/a\u007fb", "/a\u001bb", "/a\rb", "/a#b", "/a\u00e9", "/a?\u0080", "a", "?q", "\\a",
                "//a\u000bb" }
                    .Select(target => $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")])
            .Refuse(400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n")
            .Pass("GET /a%20b%00?q=%0d%0a HTTP/1.1\r\nHost: a\r\n\r\n")
            .Pass("GET /a\\b\"c<d>e^f|g{h}i`j?\\\"<>^|{}`[] HTTP/1.1\r\nHost: a\r\n\r\n")
            .Pass("GET http://a/\\?\" HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\\?\" HTTP/1.1\r\nHost: a\r\n\r\n")
            .Pass("GET //a/../b?? HTTP/1.1\r\nHost: a\r\n\r\n"),
        new RequestCase("version")
            .Refuse(400,
                [.. new[] { "http/1.1", "HTTP/1,1", "HTTP/11", "HTTP/1.10", "HTTP/01.1", "HTTP/ 1.1", "HTTP /1.1", "HTTP/1.", "HTTP/1.1 ",
                "HTTP/1.1\t",
                "HTTP/1.x", "HTTP/+1.1", "ICAP/1.0", "HTTP/1.1\0", "HTTP/1.1 HTTP/1.1" }
                    .Select(version => $"GET / {version}\r\nHost: a\r\n\r\n")])
            .Refuse(505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "GET / HTTP/2.1\r\nHost: a\r\n\r\n", "GET / HTTP/0.0\r\nHost: a\r\n\r\n")
            .Pass("GET / HTTP/1.9\r\nHost: a\r\n\r\n", Plain),
        new RequestCase("absolute-form")
            .Refuse(400,
                [.. new[] { "http://", "http:///x", "http://?q", "http://u@a/", "http://u:p@a/", "http://a:99999/", "http://a:x/", "http://a b/",
                "http:/a", "http:a", "ftp://a/", "ws://a/", "://a/", "http://a,b/", "http://[::1/", "http://a\\b/" }
                    .Select(target => $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")])
            .Refuse(400, "GET http://a/ HTTP/1.1\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
                "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n")
            .Pass("GET http://b:81/x?y HTTP/1.1\r\nHost: b:81\r\n\r\n", "GET /x?y HTTP/1.1\r\nHost: b:81\r\n\r\n")
            .Pass("GET HTTP://b HTTP/1.1\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n")
            .Pass("OPTIONS http://b HTTP/1.1\r\nHost: b\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n"),
        new RequestCase("authority-form")
            .Refuse(405, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            .Refuse(400,
                [.. new[] { "GET a:80", "POST a:80", "OPTIONS a:80", "connect a:80", "CONNECT a", "CONNECT a:", "CONNECT :80", "CONNECT /",
                "CONNECT *",
                "CONNECT http://a/", "CONNECT a:80/x", "CONNECT u@a:80" }
                    .Select(start => $"{start} HTTP/1.1\r\nHost: a:80\r\n\r\n")])
            .Pass("GET /a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
        new RequestCase("asterisk-form")
            .Refuse(400,
                [.. new[] { "GET *", "POST *", "options *", "OPTIONS **", "OPTIONS *?q", "OPTIONS *a" }
                    .Select(start => $"{start} HTTP/1.1\r\nHost: a\r\n\r\n")])
            .Pass("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),

        // Host.
        new RequestCase("host-missing")
            .Refuse(400, "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHosts: a\r\n\r\n",
                "GET / HTTP/1.7\r\n\r\n")
            .Pass("GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: app\r\n\r\n"),
        new RequestCase("host-twice")
            .Refuse(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nhOST: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nX-Host: b\r\n\r\n"),
        new RequestCase("host-invalid")
            .Refuse(400,
                [.. new[] { "a b", "a\tb", "a/b", "a@b", "u@a", "a,b", "a, a", "a:99999", "a:8x", "a:-1", "a:80:80", "[::1", "::1", "[::1]x", "[::g]",
                "a\"", "<a>", "a#", "a?", "a\\b", "http://a", "\u00e9", ":80", "%zz", "a\u007f" }
                    .Select(host => $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")])
            .Pass("GET / HTTP/1.1\r\nHost: a.b-c_d:8080\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
        new RequestCase("host-conflict")
            .Refuse(400, "GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n", "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n")
            .Pass("GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        new RequestCase("named-away")
            .Refuse(400, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, content-length\r\nContent-Length: 3\r\n\r\nabc",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: Transfer-Encoding\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: \"close\"\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nConnection: X-One\r\nX-One: 1\r\nX-Two: 2\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX-Two: 2\r\n\r\n"),

        // Fields.
        new RequestCase("obs-fold")
            .Refuse(400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\tX: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n Content-Length: 3\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nX: 1\t 2\r\n\r\n"),
        new RequestCase("blank-before-colon")
            .Refuse(400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\t: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX\u000b: 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\u00a0: 1\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nX:\t 1 \r\n\r\n"),
        new RequestCase("field-name")
            .Refuse(400,
                [.. new[] { ": 1", "X Y: 1", "X@: 1", "X\0: 1", "X\u0001Y: 1", "X\u007f: 1", "\u00c9: 1", "(X): 1", "\"X\": 1", "X", "X 1", "X;: 1",
                "X=1", "{X}: 1" }
                    .Select(line => $"GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")])
            .Pass("GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~9: 1\r\n\r\n"),
        new RequestCase("control-bytes")
            .Refuse(400,
                [.. Enumerable.Range(0, 32).Where(code => code is not ('\t' or '\r' or '\n')).Append(127)
                    .Select(code => $"GET / HTTP/1.1\r\nHost: a\r\nX: 1{(char)code}2\r\n\r\n")])
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nX: 1\t2\u0080\u00ff\r\n\r\n"),
        new RequestCase("bare-line-feed")
            .Refuse(400, "GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\nHost: a\n\n", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX\n: 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\n 2\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: \nTransfer-Encoding: chunked\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nX: \\n\r\n\r\n"),
        new RequestCase("bare-carriage-return")
            .Refuse(400, "GET / HTTP/1.1\rHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\rX: 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r: 1\r\n\r\n",
                "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rContent-Length: 3\r\n\r\nabc")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nX: \\r\r\n\r\n"),
    ];
}
