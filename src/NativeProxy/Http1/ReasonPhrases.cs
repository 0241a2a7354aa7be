using System;

namespace NativeProxy.Http1;

/// <summary>The reason phrases of the statuses that the proxy itself answers with (RFC 9110 15); only HTTP/1 has room for one. Pure.</summary>
internal static class ReasonPhrases
{
    public static ReadOnlySpan<byte> Of(int statusCode) => statusCode switch
    {
        200 => "OK"u8,
        400 => "Bad Request"u8,
        403 => "Forbidden"u8,
        405 => "Method Not Allowed"u8,
        408 => "Request Timeout"u8,
        413 => "Content Too Large"u8,
        414 => "URI Too Long"u8,
        431 => "Request Header Fields Too Large"u8,
        501 => "Not Implemented"u8,
        502 => "Bad Gateway"u8,
        503 => "Service Unavailable"u8,
        504 => "Gateway Timeout"u8,
        505 => "HTTP Version Not Supported"u8,
        _ => "Error"u8,
    };
}
