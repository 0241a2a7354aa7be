using System;
using System.Linq;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>Rows about Content-Length, Transfer-Encoding, chunks and trailers of requests.</summary>
internal static class RequestBodyCases
{
    private const string Head = "POST / HTTP/1.1\r\nHost: a\r\n";
    private const string ByLength = Head + "Content-Length: 3\r\n\r\nabc";
    private const string ChunkedHead = Head + "Transfer-Encoding: chunked\r\n\r\n";
    private const string Chunked = ChunkedHead + "3\r\nabc\r\n0\r\n\r\n";

    public static readonly RequestCase[] All =
    [
        // Content-Length.
        new RequestCase("length-with-te")
            .Refuse(400,
                WithFields("Content-Length: 3|Transfer-Encoding: chunked", "Transfer-Encoding: chunked|Content-Length: 3",
                    "Content-Length: 0|Transfer-Encoding: chunked", "Content-Length: 3|Transfer-Encoding: identity",
                    "Content-Length: 3|Transfer-Encoding: x",
                    "Content-Length: 3|Transfer-Encoding:", "content-length: 3|X: 1|TRANSFER-ENCODING: CHUNKED",
                    "Content-Length:|Transfer-Encoding: chunked"))
            .Pass(ByLength)
            .Pass(Chunked),
        new RequestCase("length-twice")
            .Refuse(400,
                WithFields("Content-Length: 3|Content-Length: 3", "Content-Length: 3|Content-Length: 5", "Content-Length: 5|content-length: 3",
                    "Content-Length: 0|X: 1|Content-Length: 3", "Content-Length: 3|Content-Length:", "Content-Length: 3|Content-Length: 03"))
            .Pass(ByLength),
        new RequestCase("length-list").Refuse(400, WithLengths("3, 3", "3,3", "3, 5", "5, 3", "3,", ",3", ",", "3;3", "3,+3")).Pass(ByLength),
        new RequestCase("length-sign").Refuse(400, WithLengths("+3", "-3", "-0", "+0", "--3", "- 3")).Pass(ByLength),
        new RequestCase("length-blank")
            .Refuse(400, WithLengths("3 3", "3\t3", "0 3", "\u000b3", "3\u000c", "\u00a03", "3\u0085"))
            .Pass(Head + "Content-Length:\t 3 \t\r\n\r\nabc", ByLength),
        new RequestCase("length-not-decimal")
        .Refuse(400, WithLengths("0x3", "3h", "3.0", "3e0", "three", "\"3\"", "3_0", "0b11", "\u00b3", "3\\", "(3)", "3 bytes"))
        .Pass(Head + "Content-Length: 0003\r\n\r\nabc", ByLength),
        new RequestCase("length-overflow")
            .Refuse(400,
                WithLengths("9223372036854775808", "18446744073709551615", "18446744073709551619", "4294967296000000000000", new string('9', 400)))
            .Pass(ByLength),
        new RequestCase("length-empty").Refuse(400, WithLengths("", " ", "\t")).Pass(Head + "Content-Length: 0\r\n\r\n"),

        // Transfer-Encoding.
        new RequestCase("te-case-and-blanks")
            .Refuse(400, WithCodings("chun ked", "chun\tked", "chunked x", "chunked\tx"))
            .Pass(Head + "Transfer-Encoding: cHuNkEd\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Chunked)
            .Pass(Head + "tRANSFER-eNCODING:\t chunked \t\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Chunked),
        new RequestCase("te-name")
            .Refuse(400,
                WithFields("Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", "Transfer-Encoding\u000b: chunked",
                    " Transfer-Encoding: chunked", "Transfer-Encoding\0: chunked", "Transfer Encoding: chunked", ":Transfer-Encoding: chunked"))
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nTransfer-Encodin: chunked\r\nX: Transfer-Encoding: chunked\r\n\r\n"),
        new RequestCase("te-control-bytes")
            .Refuse(400,
                WithCodings("\u000bchunked", "chunked\u000b", "\u000cchunked", "\0chunked", "chu\0nked", "chunked\u0001", "\u00a0chunked",
                    "chunked\u00ff", "\u0085chunked", "chunked\u007f"))
            .Pass(Chunked),
        new RequestCase("te-quotes").Refuse(400, WithCodings("\"chunked\"", "\"chunked", "chunked\"", "\\chunked"))
        .Refuse(501, WithCodings("'chunked'")).Pass(Chunked),
        new RequestCase("te-comma").Refuse(400, WithCodings("chunked,", ",chunked", ", chunked", "chunked,,", ",", "gzip,,chunked", "chunked;"))
        .Pass(Chunked),
        new RequestCase("te-twice")
            .Refuse(400, WithCodings("chunked, chunked", "chunked,chunked"))
            .Refuse(400,
                WithFields("Transfer-Encoding: chunked|Transfer-Encoding: chunked", "Transfer-Encoding: chunked|X: 1|transfer-encoding: identity",
                    "Transfer-Encoding:|Transfer-Encoding: chunked"))
            .Pass(Chunked),
        new RequestCase("te-identity")
            .Refuse(501, WithCodings("identity", "identity, chunked", "IDENTITY"))
            .Refuse(501, WithFields("Transfer-Encoding: identity|Transfer-Encoding: chunked"))
            .Refuse(400, WithCodings("chunked, identity"))
            .Pass(Chunked),
        new RequestCase("te-unknown")
            .Refuse(501,
                WithCodings("gzip", "gzip, chunked", "xchunked", "x-chunked", "chunke", "chunkedd", "chunked-", "chunkedchunked",
                    "deflate, gzip, chunked"))
            .Refuse(400, WithCodings("chunked, gzip", "gzip, chunked, deflate"))
            .Pass(Chunked),
        new RequestCase("te-folded")
        .Refuse(400,
            WithFields("Transfer-Encoding:| chunked", "Transfer-Encoding: chunked| ", "Transfer-Encoding: x|\tchunked",
                "X: 1| Transfer-Encoding: chunked", "Transfer-Encoding: chunked|\t, identity")).Pass(Chunked),
        new RequestCase("te-trailing-junk")
        .Refuse(400, WithCodings("chunked;q=1", "chunked; x", "chunked=1", "chunked:", "chunked/1", "chunked@", "chunked {}", "[chunked]"))
        .Pass(Chunked),
        new RequestCase("te-empty").Refuse(400, WithCodings("", " ", "\t")).Pass(Chunked),
        new RequestCase("te-in-http10")
            .Refuse(400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
                "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
            .Pass("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", ByLength),
        new RequestCase("body-on-get")
            .Refuse(400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n")
            .Pass("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            .Pass("HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            .Pass("DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),

        // Chunks.
        new RequestCase("chunk-size-sign", RefusedWhere.InBody).Refuse(400, WithChunks("+3\r\nabc", "-3\r\nabc", "-0\r\n", "+0\r\n")).Pass(Chunked),
        new RequestCase("chunk-size-digits", RefusedWhere.InBody)
            .Refuse(400,
                WithChunks("0x3\r\nabc", "3h\r\nabc", "g\r\nabc", "\r\n", ";a\r\n", "\"3\"\r\nabc", "3.0\r\nabc", "3,3\r\nabc", "3\0\r\nabc",
                    "\u00b3\r\nabc", "x\r\nabc", "3_\r\nabc"))
            .Pass(ChunkedHead + "A\r\n0123456789\r\n0\r\n\r\n", ChunkedHead + "a\r\n0123456789\r\n0\r\n\r\n"),
        new RequestCase("chunk-size-blank", RefusedWhere.InBody)
            .Refuse(400, WithChunks(" 3\r\nabc", "\t3\r\nabc", "3 \r\nabc", "3\t\r\nabc", "3 3\r\nabc", "3\u000b\r\nabc"))
            .Pass(ChunkedHead + "3 ;a\r\nabc\r\n0\r\n\r\n", Chunked),
        new RequestCase("chunk-size-overflow", RefusedWhere.InBody)
            .Refuse(400, WithChunks("8000000000000000\r\nabc", "ffffffffffffffff\r\nabc", "FFFFFFFFFFFFFFFD\r\nabc"))
            .Pass(ChunkedHead + "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", Chunked),
        new RequestCase("chunk-size-17-digits", RefusedWhere.InBody)
            .Refuse(400,
                WithChunks("10000000000000003\r\nabc", "00000000000000003\r\nabc", "00000000000000000\r\n", new string('0', 70_000) + "3\r\nabc"))
            .Pass(ChunkedHead + "0000000000000003\r\nabc\r\n0\r\n\r\n", Chunked),
        new RequestCase("chunk-size-line-end", RefusedWhere.InBody)
            .Refuse(400, WithChunks("3\nabc", "3\rabc", "3\r\rabc", "3\r\r\nabc", "3\n\rabc"))
            .Refuse(400, ChunkedHead + "0\n\r\n", ChunkedHead + "0\r\r\n", ChunkedHead + "0\n\n", ChunkedHead + "3\r\nabc\r\n0\rX")
            .Pass(Chunked),
        new RequestCase("chunk-data-end", RefusedWhere.InBody)
            .Refuse(400, ChunkedHead + "3\r\nabc0\r\n\r\n", ChunkedHead + "3\r\nabcd\r\n0\r\n\r\n", ChunkedHead + "3\r\nabc\n0\r\n\r\n",
                ChunkedHead + "3\r\nabc\r0\r\n\r\n", ChunkedHead + "3\r\nabc\n\r0\r\n\r\n", ChunkedHead + "3\r\nabc\r\r\n0\r\n\r\n",
                ChunkedHead + "2\r\nabc\r\n0\r\n\r\n", ChunkedHead + "3\r\nabc \r\n0\r\n\r\n")
            .Pass(ChunkedHead + "5\r\nab\r\nc\r\n0\r\n\r\n"),
        new RequestCase("chunk-extension", RefusedWhere.InBody)
            .Refuse(400,
                WithChunks("3;\r\nabc", "3;a=\r\nabc", "3;=b\r\nabc", "3;a b\r\nabc", "3;a;\r\nabc", "3;a=\"b\r\nabc", "3;a=\"b\"c\r\nabc",
                    "3;a=\"\u0001\"\r\nabc", "3;a\0\r\nabc", "3;a\nabc", "3;a\rabc", "3;a=\"\n\"\r\nabc", "3;a=\"\r\n\"\r\nabc",
                    "3;a=\"\\\n\"\r\nabc"))
            .Pass(ChunkedHead + "3;a;b=c ; d = \"e;\\\"f\"\r\nabc\r\n0;last\r\n\r\n", Chunked),
        new RequestCase("chunk-extension-size", RefusedWhere.InBody)
            .Refuse(400, WithChunks("3;" + new string('x', 5000) + "\r\nabc"))
            .Refuse(400, ChunkedHead + string.Concat(Enumerable.Repeat("1;" + new string('x', 1000) + "\r\na\r\n", 80)) + "0\r\n\r\n")
            .Pass(ChunkedHead + "3;" + new string('x', 4000) + "\r\nabc\r\n0\r\n\r\n", Chunked),

        // Trailers.
        new RequestCase("trailer-syntax", RefusedWhere.InBody)
            .Refuse(400,
                [.. new[] { "X: 1\r\n 2\r\n", " X: 1\r\n", "X : 1\r\n", "X\r\n", ": 1\r\n", "X: \0\r\n", "X: 1\n", "X: 1\rY: 2\r\n", "\n", "\r\r\n",
                "GET / HTTP/1.1\r\n" }.Select(trailer => ChunkedHead + "0\r\n" + trailer + "\r\n")])
            .Pass(ChunkedHead + "0\r\nX-Sum: 1\r\n\r\n"),
        new RequestCase("trailer-size", RefusedWhere.InBody)
            .Refuse(431, ChunkedHead + "0\r\nX: " + new string('x', 9000) + "\r\n\r\n",
                ChunkedHead + "0\r\n" + string.Concat(Enumerable.Repeat("X: 1\r\n", 65)) + "\r\n", ChunkedHead + "0\r\nX: " + new string('x', 70_000))
            .Pass(ChunkedHead + "0\r\nX: " + new string('x', 8000) + "\r\n\r\n"),
        new RequestCase("trailer-that-frames")
            .Pass(WithTrailers("Content-Length: 30", "X-Sum: 1", "Transfer-Encoding: chunked", "Host: evil", "Connection: close", "Keep-Alive: x",
                "TE: trailers", "Trailer: X", "Upgrade: h2c", "Proxy-Connection: close", "Expect: 100-continue", "Max-Forwards: 0",
                "Content-Encoding: gzip", "Content-Type: a/b", "Content-Range: x", "Range: bytes=0-1"), ChunkedHead + "0\r\nX-Sum: 1\r\n\r\n"),
        new RequestCase("trailer-that-authenticates")
            .Pass(WithTrailers("Authorization: Basic eDp5", "proxy-authorization: Basic eDp5", "X-Sum: 1", "Cookie: a=b", "Set-Cookie: a=b",
                "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: evil", "X-Forwarded-Proto: https", "Forwarded: for=127.0.0.1", "Via: 1.1 x",
                "If-Match: x", "WWW-Authenticate: x", "Proxy-Authenticate: x"), ChunkedHead + "0\r\nX-Sum: 1\r\n\r\n"),
        new RequestCase("trailer-named-in-connection")
            .Pass(Head + "Connection: X-Secret\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx-secret: 1\r\nX-Sum: 2\r\n\r\n",
                ChunkedHead + "0\r\nX-Sum: 2\r\n\r\n")
            .Pass(Head + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Secret: 1\r\n\r\n",
                ChunkedHead + "0\r\nX-Secret: 1\r\n\r\n"),
    ];

    /// <summary>Each text is field lines, separated by '|'.</summary>
    private static string[] WithFields(params string[] fields) =>
        [.. fields.Select(lines => Head + lines.Replace("|", "\r\n", StringComparison.Ordinal) + "\r\n\r\n3\r\nabc\r\n0\r\n\r\n")];

    private static string[] WithLengths(params string[] values) => [.. values.Select(value => $"{Head}Content-Length: {value}\r\n\r\nabc")];

    private static string[] WithCodings(params string[] values) =>
        [.. values.Select(value => $"{Head}Transfer-Encoding: {value}\r\n\r\n3\r\nabc\r\n0\r\n\r\n")];

    /// <summary>Each text begins the body, or follows a sound chunk; a sound end follows it.</summary>
    private static string[] WithChunks(params string[] chunks) =>
        [.. chunks.SelectMany(chunk => new[] { ChunkedHead + chunk + "\r\n0\r\n\r\n", ChunkedHead + "5\r\nhello\r\n" + chunk + "\r\n0\r\n\r\n" })];

    private static string WithTrailers(params string[] lines) => ChunkedHead + "0\r\n" + string.Concat(lines.Select(line => line + "\r\n")) + "\r\n";
}
