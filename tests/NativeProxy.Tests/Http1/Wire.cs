using System;
using System.Linq;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Tests.Http1;

/// <summary>Short spellings for the parser tests: text to bytes (one char, one byte), and one call per parser.</summary>
internal static class Wire
{
    public static readonly HeadLimits Limits = new(HeadBytesMax: 16 * 1024, FieldCountMax: 100, RequestLineBytesMax: 8 * 1024);

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static ParseOutcome Request(string text, out RequestHead head) => Request(text, Limits, out head);

    public static ParseOutcome Request(string text, HeadLimits limits, out RequestHead head)
    {
        head = new RequestHead(fieldCountMax: 100);
        return RequestHeadParser.Parse(Bytes(text), limits, head);
    }

    public static ParseOutcome Response(string text, out ResponseHead head) => Response(text, Limits, out head);

    public static ParseOutcome Response(string text, HeadLimits limits, out ResponseHead head)
    {
        head = new ResponseHead(fieldCountMax: 100);
        return ResponseHeadParser.Parse(Bytes(text), limits, head);
    }

    /// <summary>A request for "/" with a Host and these field lines (without CRLF).</summary>
    public static string Get(params string[] lines) => "GET / HTTP/1.1\r\nHost: a\r\n" + Lines(lines);

    public static string Lines(params string[] lines) => string.Concat(lines.Select(line => line + "\r\n")) + "\r\n";

    /// <summary>"Done", "NeedMore" or the reason.</summary>
    public static string Verdict(ParseOutcome outcome) =>
        outcome.Status == ParseStatus.Rejected ? outcome.Reason.ToString() : outcome.Status.ToString();

    /// <summary>Printable form of hostile input for messages.</summary>
    public static string Show(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        foreach (byte value in bytes)
        {
            text.Append(value switch
            {
                (byte)'\r' => "\\r",
                (byte)'\n' => "\\n",
                < 0x20 or >= 0x7F => $"\\x{value:x2}",
                _ => ((char)value).ToString(),
            });
        }

        return text.ToString();
    }
}
