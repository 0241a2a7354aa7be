using System;
using System.Globalization;
using System.Text;

namespace NativeProxy.Admin;

/// <summary>Answers of a small HTTP server as they go on the wire. Stateless.</summary>
internal static class SmallHttpText
{
    /// <summary>An answer of plain text.</summary>
    /// <param name="statusCode">Three digits.</param>
    /// <param name="text">The body.</param>
    /// <param name="fields">Further field lines, each with its CRLF.</param>
    public static SmallResponse Plain(int statusCode, string text, string fields = "") =>
        new(statusCode, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text), fields);

    /// <summary>Head and body; of a stream the head, and its body ends with the connection (RFC 9112 6.3), which HTTP/1.0 knows, too.</summary>
    /// <param name="response">What is answered.</param>
    /// <param name="time">For the Date field (RFC 9110 6.6.1).</param>
    /// <param name="isLast">Whether the connection ends behind it.</param>
    /// <param name="hasBody">False for the answer to a HEAD.</param>
    public static byte[] Write(in SmallResponse response, TimeProvider time, bool isLast, bool hasBody)
    {
        string length = response.Stream is null ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {response.Body.Length}\r\n") : "";
        byte[] head = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {response.StatusCode} {ReasonOf(response.StatusCode)}\r\nDate: {time.GetUtcNow():r}\r\nContent-Type: "
            + $"{response.ContentType}\r\nCache-Control: no-store\r\n{length}{response.Fields}{(isLast ? "Connection: close\r\n" : "")}\r\n"));
        return hasBody ? [.. head, .. response.Body.Span] : head;
    }

    private static string ReasonOf(int statusCode) => statusCode switch
    {
        200 => "OK",
        202 => "Accepted",
        AdminRoutes.DegradedStatus => "Degraded",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    };
}
