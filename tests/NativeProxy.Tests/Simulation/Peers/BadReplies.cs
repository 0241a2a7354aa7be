namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>Answers that must be refused, and bytes that nobody asked for; whoever sees their X-Id has been deceived.</summary>
internal static class BadReplies
{
    /// <summary>A whole answer, at a time when none is due.</summary>
    public static string Unasked(long socketId) => $"HTTP/1.1 200 OK\r\nX-Id: unasked.{socketId}\r\nContent-Length: 4\r\n\r\nevil";

    /// <summary>An answer to refuse. One to HEAD has no body, whatever coding it names, so that this alone is no fault.</summary>
    public static string Pick(Dice dice, bool isHead)
    {
        string bad = dice.Pick<string>(Heads);
        return isHead && bad.Contains("Transfer-Encoding:", System.StringComparison.Ordinal) ? Heads[0] : bad;
    }

    private static readonly string[] Heads =
    [
        "garbage\r\n\r\n",
        "\0\0\0\0",
        "HTTP/1.1 200 OK\nX-Id: evil\nContent-Length: 4\n\nevil",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nevil!",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nContent-Length: 4, 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nContent-Length: +4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nContent-Length: 4\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nX-Id: evil\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/2.0 200 OK\r\nX-Id: evil\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nX-Id: evil\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nX-Id: evil\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Id: evil\r\nConnection: content-length\r\nContent-Length: 4\r\n\r\nevil",
        "HTTP/1.1 103 Early\r\nContent-Length: 4\r\nX-Id: evil\r\n\r\nevil",
    ];
}
