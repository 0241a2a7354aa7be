using System;
using System.Text;

namespace NativeProxy.Benchmarks;

/// <summary>Messages as they come in practice: a small request, a browser's, one with large cookies, and a response.</summary>
internal static class SampleMessages
{
    public const string Small = "small";
    public const string Browser = "browser";
    public const string Cookies = "cookies";

    private const string SmallText = "GET /hello HTTP/1.1\r\nHost: example.org\r\n\r\n";

    private const string BrowserText =
        "GET /assets/app.js?v=17 HTTP/1.1\r\nHost: www.example.org\r\nConnection: keep-alive\r\n"
        + "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
        + "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\nCache-Control: max-age=0\r\n"
        + "Cookie: session=6f1d2c3b4a5968778695a4b3c2d1e0f0; theme=dark\r\nReferer: https://www.example.org/start\r\n"
        + "Sec-Fetch-Dest: script\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: same-origin\r\nUpgrade-Insecure-Requests: 1\r\n\r\n";

    public static byte[] Response { get; } = Bytes(
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/html; charset=utf-8\r\n"
        + "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nCache-Control: private\r\nVary: Accept-Encoding\r\nContent-Length: 5120\r\n\r\n");

    public static byte[] Request(string name) => name switch
    {
        Small => Bytes(SmallText),
        Browser => Bytes(BrowserText),
        Cookies => Bytes(BrowserText.Replace("theme=dark", "theme=dark; state=" + new string('x', 6000), StringComparison.Ordinal)),
        _ => throw new ArgumentException("no such message: " + name, nameof(name)),
    };

    public static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
