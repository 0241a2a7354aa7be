using System;
using System.Linq;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>Rows about what a server may send.</summary>
internal static class ResponseCases
{
    private const string Head = "HTTP/1.1 200 OK\r\n";
    private const string ByLength = Head + "Content-Length: 3\r\n\r\nabc";
    private const string ChunkedHead = Head + "Transfer-Encoding: chunked\r\n\r\n";
    private const string Chunked = ChunkedHead + "3\r\nabc\r\n0\r\n\r\n";
    private const string Evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

    public static readonly ResponseCase[] All =
    [
        // Head.
        new ResponseCase("resp-status-line")
            .Refuse([.. new[]
            {
                "\r\nHTTP/1.1 200 OK", " HTTP/1.1 200 OK", "\nHTTP/1.1 200 OK", "garbage", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "http/1.1 200 OK",
                "ICY 200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 OK", "HTTP/1.1 20 OK",
                "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK", "HTTP/1.1 000 OK", "HTTP/1.1 6000 OK", "HTTP/1.1 +20 OK", "HTTP/1.1  200 OK",
                "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200\u000bOK", "HTTP/1.10 200 OK", "HTTP/1.1 200 O\0K",
                "HTTP/1.1 200 O\u007fK", "\u0015\u0003\u0001\0\u0002\u0002\u0046", "\0\0\u0012\u0004\0\0\0\0\0",
            }.Select(line => line + "\r\nContent-Length: 3\r\n\r\nabc")])
            .Refuse("<html>no head at all</html>\r\n\r\n")
            .Pass("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc")
            .Pass("HTTP/1.1 299 \t\u00e9\r\nContent-Length: 3\r\n\r\nabc")
            .Pass("HTTP/1.1 600 What\r\nContent-Length: 3\r\n\r\nabc")
            .Pass("HTTP/1.1 999 \r\nContent-Length: 3\r\n\r\nabc"),
        new ResponseCase("resp-line-ends")
            .Refuse("HTTP/1.1 200 OK\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\rContent-Length: 3\r\n\r\nabc",
                Head + "Content-Length: 3\n\r\nabc", Head + "Content-Length: 3\r\n\nabc", Head + "Content-Length: 3\r\r\n\r\nabc",
                Head + "X: 1\rContent-Length: 3\r\n\r\nabc", Head + "X: 1\nContent-Length: 3\r\n\r\nabc", Head + "Content-Length: 3\r\n\r\r\nabc",
                "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc")
            .Pass(ByLength),
        new ResponseCase("resp-obs-fold")
        .Refuse(WithFields(" Content-Length: 3", "X: 1| 2|Content-Length: 3", "X: 1|\tContent-Length: 3", "Content-Length:| 3",
            "Content-Length: 3| ")).Pass(ByLength),
        new ResponseCase("resp-blank-before-colon")
        .Refuse(WithFields("Content-Length : 3", "Content-Length\t: 3", "X : 1|Content-Length: 3", "Transfer-Encoding : chunked")).Pass(ByLength),
        new ResponseCase("resp-field-name").Refuse(WithFields(": 1", "X Y: 1", "X\0: 1", "\u00c9: 1", "X", "X@: 1", "(X): 1"))
        .Pass(Head + "!#$%&'*+-.^_`|~9: 1\r\nContent-Length: 3\r\n\r\nabc"),
        new ResponseCase("resp-control-bytes")
            .Refuse(WithFields([.. Enumerable.Range(0, 32).Where(code => code is not ('\t' or '\r' or '\n')).Append(127)
                .Select(code => $"X: 1{(char)code}2")]))
            .Pass(Head + "X: 1\t\u0080\u00ff\r\nContent-Length: 3\r\n\r\nabc"),
        new ResponseCase("resp-named-away")
        .Refuse(WithFields("Connection: Content-Length|Content-Length: 3", "Connection: close, transfer-encoding|Transfer-Encoding: chunked",
            "Connection: a b|Content-Length: 3")).Pass(Head + "Connection: X\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc", ByLength),

        // Length and coding.
        new ResponseCase("resp-length-with-te")
            .Refuse(WithFields("Content-Length: 3|Content-Length: 3|Transfer-Encoding: chunked", "Transfer-Encoding: chunked|Content-Length: 3, 3",
                "Content-Length: +3|Transfer-Encoding: chunked", "Content-Length:|Transfer-Encoding: chunked",
                "Content-Length: 3|Transfer-Encoding: gzip", "Content-Length: 3|Transfer-Encoding: gzip, chunked",
                "Content-Length: x|Transfer-Encoding: identity"))
            .PassOnce("GET", Head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Chunked)
            .PassOnce("GET", Head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + Evil, Chunked)
            .PassOnce("GET", Head + "Content-Length: 43\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Chunked)
            .Pass(ByLength).Pass(Chunked),
        new ResponseCase("resp-length-twice")
        .Refuse(WithFields("Content-Length: 3|Content-Length: 3", "Content-Length: 3|Content-Length: 5", "content-length: 5|X: 1|Content-Length: 3",
            "Content-Length: 3|Content-Length:")).Pass(ByLength),
        new ResponseCase("resp-length-list").Refuse(WithLengths("3, 3", "3,3", "3, 5", "3,", ",3")).Pass(ByLength),
        new ResponseCase("resp-length-value")
            .Refuse(WithLengths("+3", "-3", "-0", "3 3", "0x3", "3h", "3.0", "\"3\"", "three", "", " ", "9223372036854775808", "18446744073709551619",
                "\u00a03", "\u00b3"))
            .Pass(Head + "Content-Length:\t 0003 \r\n\r\nabc", Head + "Content-Length:\t 0003 \r\n\r\nabc"),
        new ResponseCase("resp-te-spelling")
            .Refuse(WithCodings("\u000bchunked", "chunked\u000b", "\0chunked", "\u00a0chunked", "\"chunked\"", "'chunked'", "chunked,", ",chunked",
                ", chunked", "chunked, chunked", "chun ked", "chunked x", "chunked;q=1", "", "\t"))
            .Refuse(WithFields("Transfer-Encoding: chunked|Transfer-Encoding: chunked", "Transfer-Encoding:| chunked", "Transfer-Encoding : chunked"))
            .Pass(Head + "tRANSFER-eNCODING:\t CHUNKED \r\n\r\n3\r\nabc\r\n0\r\n\r\n", Chunked),
        new ResponseCase("resp-te-identity")
            .Refuse(WithCodings("identity, chunked", "chunked, identity", "identity,", "identity;q=1", "\"identity\"", "identity, identity",
                "xidentity"))
            .Refuse(WithFields("Transfer-Encoding: identity|Transfer-Encoding: chunked", "Transfer-Encoding: identity|Transfer-Encoding: identity"))
            .PassOnce("GET", Head + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc" , ByLength)
            .PassOnce("GET", Head + "Content-Length: 3\r\nTransfer-Encoding: Identity\r\n\r\nabc" + Evil, ByLength)
            .PassOnce("GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\nTransfer-Encoding: identity\r\n\r\nabc", ByLength),
        new ResponseCase("resp-te-unknown")
        .Refuse(WithCodings("gzip", "gzip, chunked", "chunked, gzip", "identity, chunked", "chunked, identity", "xchunked", "chunkedchunked"))
        .Pass(Chunked),
        new ResponseCase("resp-te-in-http10")
        .Refuse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        .PassOnce("GET", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", ByLength),

        // Chunks and trailers: the head has been believed by then.
        new ResponseCase("resp-chunk-size", ResponseFate.Cut)
            .Refuse(WithChunks("+3\r\nabc", "-3\r\nabc", "0x3\r\nabc", "3h\r\nabc", "g\r\nabc", "\r\n", ";a\r\n", " 3\r\nabc", "3 3\r\nabc",
                "3 \nabc", "3\v\r\nabc", "8000000000000000\r\nabc", "ffffffffffffffff\r\nabc", "10000000000000003\r\nabc", "00000000000000003\r\nabc",
                "3\0\r\nabc", Evil))
            .Pass(ChunkedHead + "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", Chunked)
            .Pass(ChunkedHead + "3 \t   \r\nabc\r\n0   \r\n\r\n", Chunked),
        new ResponseCase("resp-chunk-line-ends", ResponseFate.Cut)
            .Refuse(WithChunks("3\nabc", "3\rabc", "3\r\r\nabc", "3\r\nabcd", "3\r\nab", "3\r\nabc\n", "3\r\nabc\r", "3\r\nabc\r\n"))
            .Refuse(ChunkedHead + "3\r\nabc0\r\n\r\n", ChunkedHead + "3\r\nabc\n0\r\n\r\n", ChunkedHead + "3\r\nabc\r0\r\n\r\n",
                ChunkedHead + "3\r\nabc\r\n0\n\n", ChunkedHead + "3\r\nabc\r\n0\r\r\n")
            .Pass(ChunkedHead + "5\r\nab\r\nc\r\n0\r\n\r\n"),
        new ResponseCase("resp-chunk-extension", ResponseFate.Cut)
            .Refuse(WithChunks("3;\r\nabc", "3;a=\"b\r\nabc", "3;a\nabc", "3;a\0\r\nabc", "3;" + new string('x', 5000) + "\r\nabc"))
            .Refuse(ChunkedHead + string.Concat(Enumerable.Repeat("1;" + new string('x', 1000) + "\r\na\r\n", 80)) + "0\r\n\r\n")
            .Pass(ChunkedHead + "3;a=\"b;c\"\r\nabc\r\n0;last\r\n\r\n", Chunked),
        new ResponseCase("resp-trailer-syntax", ResponseFate.Cut)
            .Refuse([.. new[] { "X: 1\r\n 2\r\n", "X : 1\r\n", "X\r\n", ": 1\r\n", "X: \0\r\n", "X: 1\n", Evil[..17],
            "X: " + new string('x', 9000) + "\r\n" }.Select(trailer => ChunkedHead + "3\r\nabc\r\n0\r\n" + trailer + "\r\n")])
            .Pass(ChunkedHead + "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"),
        new ResponseCase("resp-trailer-that-frames")
            .Pass(ChunkedHead
                + "0\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nX-Sum: 1\r\nKeep-Alive: x\r\nTrailer: x\r\nUpgrade: "
                + "h2c\r\nSet-Cookie: a=b\r\nWWW-Authenticate: x\r\nLocation: x\r\nContent-Type: a/b\r\nCache-Control: public\r\nAge: 1\r\nVary: "
                + "*\r\n\r\n", ChunkedHead + "0\r\nX-Sum: 1\r\n\r\n"),
        new ResponseCase("resp-trailer-named-in-connection")
            .Pass(Head + "Connection: X-Secret\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx-secret: 1\r\nX-Sum: 2\r\n\r\n",
                ChunkedHead + "0\r\nX-Sum: 2\r\n\r\n"),

        // Responses without a body, and with one all the same.
        new ResponseCase("resp-head-length")
            .RefuseTo("HEAD",
                WithFields("Content-Length: 3|Content-Length: 5", "Content-Length: 3|Content-Length: 3", "Content-Length: +3", "Content-Length: 3, 5",
                    "Content-Length:", "Content-Length: 3|Content-Length: 3|Transfer-Encoding: chunked"))
            .Refuse("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\nContent-Length: 3, 3\r\n\r\n")
            .PassOnce("HEAD", Head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", Head + "\r\n")
            .PassOnce("GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\n\r\n")
            .PassTo("HEAD", Head + "Content-Length: 3\r\n\r\n", Head + "Content-Length: 3\r\n\r\n")
            .PassTo("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"),
        new ResponseCase("resp-head-with-body")
            .PassOnce("HEAD", ByLength, Head + "Content-Length: 3\r\n\r\n")
            .PassOnce("HEAD", Chunked, Head + "\r\n")
            .PassOnce("HEAD", Head + "Content-Length: 43\r\n\r\n" + Evil, Head + "Content-Length: 43\r\n\r\n"),
        new ResponseCase("resp-204-with-body")
            .PassOnce("GET", "HTTP/1.1 204 No Content\r\n\r\n" + Evil, "HTTP/1.1 204 No Content\r\n\r\n")
            .PassOnce("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 204 No Content\r\n\r\n")
            .PassOnce("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n")
            .PassOnce("GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n")
            .Pass("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
        new ResponseCase("resp-304-with-body")
            .PassOnce("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 43\r\n\r\n" + Evil,
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 43\r\n\r\n")
            .PassOnce("GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\n\r\n")
            .Pass("HTTP/1.1 304 Not Modified\r\n\r\n"),
        new ResponseCase("resp-surplus")
            .PassOnce("GET", ByLength + Evil, ByLength)
            .PassOnce("GET", ByLength + "\r\n", ByLength)
            .PassOnce("GET", Chunked + Evil, Chunked)
            .PassOnce("GET", Head + "Content-Length: 0\r\n\r\n" + Evil, Head + "Content-Length: 0\r\n\r\n"),

        // Interim responses.
        new ResponseCase("resp-interim-flood")
            .Refuse(string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early\r\n\r\n", 65)) + ByLength)
            .Pass(string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early\r\n\r\n", 64)) + ByLength),
        new ResponseCase("resp-interim-with-body")
            .Refuse("HTTP/1.1 103 Early\r\nContent-Length: 43\r\n\r\n" + Evil + ByLength,
                "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + ByLength,
                "HTTP/1.1 102 Processing\r\n\r\nabc" + ByLength, "HTTP/1.1 103 Early\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n" + ByLength)
            .Pass("HTTP/1.1 103 Early\r\nContent-Length: 0\r\n\r\n" + ByLength, "HTTP/1.1 103 Early\r\n\r\n" + ByLength),
        new ResponseCase("resp-101-unasked")
            .Refuse("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\n\r\n" + ByLength,
                "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            .Pass("HTTP/1.1 103 Early\r\n\r\n" + ByLength),
    ];

    /// <summary>Each text is field lines, separated by '|'.</summary>
    private static string[] WithFields(params string[] fields) =>
        [.. fields.Select(lines => Head + lines.Replace("|", "\r\n", StringComparison.Ordinal) + "\r\n\r\nabc")];

    private static string[] WithLengths(params string[] values) => [.. values.Select(value => $"{Head}Content-Length: {value}\r\n\r\nabc")];

    private static string[] WithCodings(params string[] values) =>
        [.. values.Select(value => $"{Head}Transfer-Encoding: {value}\r\n\r\n3\r\nabc\r\n0\r\n\r\n")];

    private static string[] WithChunks(params string[] chunks) =>
        [.. chunks.SelectMany(chunk => new[] { ChunkedHead + chunk + "\r\n0\r\n\r\n", ChunkedHead + "5\r\nhello\r\n" + chunk + "\r\n0\r\n\r\n" })];
}
