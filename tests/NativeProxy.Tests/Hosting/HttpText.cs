using System;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NativeProxy.Tests.Hosting;

/// <summary>Reads messages from a blocking socket, as plainly as can be.</summary>
internal static class HttpText
{
    public static void SendText(this Socket socket, string text)
    {
        ReadOnlySpan<byte> rest = Encoding.Latin1.GetBytes(text);
        while (!rest.IsEmpty)
            rest = rest[socket.Send(rest)..];
    }

    /// <summary>Up to and including the blank line.</summary>
    public static string ReadHead(this Socket socket)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (socket.Receive(one) == 0)
                throw new InvalidOperationException("the stream ended inside a head: " + head);
            head.Append((char)one[0]);
        }
        return head.ToString();
    }

    /// <summary>A head and the body of its Content-Length.</summary>
    public static (string Head, string Body) ReadMessage(this Socket socket)
    {
        string head = socket.ReadHead();
        int start = head.IndexOf("Content-Length: ", StringComparison.Ordinal) + "Content-Length: ".Length;
        int length = int.Parse(head.AsSpan(start, head.IndexOf('\r', start) - start), provider: CultureInfo.InvariantCulture);
        return (head, Encoding.Latin1.GetString(Transport.Peers.ReadExactly(socket, length)));
    }
}
