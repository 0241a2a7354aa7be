using System;
using System.Globalization;
using System.Text;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>What a client must take a response for.</summary>
internal enum Verdict
{
    /// <summary>A whole 502 of the proxy.</summary>
    Refused,

    /// <summary>The client sees that something is missing.</summary>
    Cut,

    /// <summary>The client believes it has everything.</summary>
    Complete,
}

/// <summary>A response as a strict client judges it, from the bytes it got and how the stream ended (null = it goes on). Immutable.</summary>
/// <param name="Body">The content as far as it came.</param>
internal sealed record SeenResponse(Verdict Verdict, string Body)
{
    /// <summary>Passes over interim responses.</summary>
    public static SeenResponse Of(string text, StreamEnd? end)
    {
        while (text.StartsWith("HTTP/1.1 1", StringComparison.Ordinal) && text.Contains("\r\n\r\n", StringComparison.Ordinal))
            text = text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        int headEnd = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (headEnd < 4)
            return new SeenResponse(Verdict.Cut, "");
        string head = text[..headEnd];
        string rest = text[headEnd..];
        bool isWhole;
        if (HttpResponse.FieldOf(head, "Transfer-Encoding") is not null)
            (isWhole, rest) = Unchunked(rest);
        else if (HttpResponse.FieldOf(head, "Content-Length") is { } length)
            isWhole = rest.Length == int.Parse(length, CultureInfo.InvariantCulture);
        else
            isWhole = end == StreamEnd.Fin;
        bool isRefusal = head.StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal);
        Assert.True(isRefusal || head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), head);
        return new SeenResponse(!isWhole ? Verdict.Cut : isRefusal ? Verdict.Refused : Verdict.Complete, rest);
    }

    private static (bool IsWhole, string Content) Unchunked(string chunks)
    {
        var content = new StringBuilder();
        for (int at = 0; ;)
        {
            int lineEnd = chunks.IndexOf("\r\n", at, StringComparison.Ordinal);
            if (lineEnd < 0)
                return (false, content.ToString());
            int count = int.Parse(chunks.AsSpan(at, lineEnd - at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            at = lineEnd + 2;
            if (count == 0)
                return (chunks[lineEnd..].Contains("\r\n\r\n", StringComparison.Ordinal), content.ToString());
            content.Append(chunks.AsSpan(at, Math.Min(count, chunks.Length - at)));
            if (at + count + 2 > chunks.Length)
                return (false, content.ToString());
            at += count + 2;
        }
    }
}
