using NativeProxy.LoadTest.Http;

namespace NativeProxy.LoadTest.Origin;

/// <summary>Writes the head of an answer. Pure but for its output.</summary>
internal static class OriginResponse
{
    /// <param name="bodyBytesSeen">How many bytes of the request's body were right; -1 = it had none.</param>
    public static void AppendHead(OutputBuffer output, in OriginPath asked, in MessageHead request, long bodyBytesSeen)
    {
        output.Append("HTTP/1.1 "u8);
        output.AppendDecimal(asked.Status);
        output.Append(asked.Status == 200 ? " OK\r\n"u8 : " As-Asked\r\n"u8);
        output.Append("Content-Type: application/octet-stream\r\n"u8);
        if (request.HasId)
        {
            output.Append("X-Load-Id: "u8);
            output.AppendHex(request.Id);
            output.Append("\r\n"u8);
        }
        if (bodyBytesSeen >= 0)
        {
            output.Append("X-Load-Body: "u8);
            output.AppendDecimal(bodyBytesSeen);
            output.Append("\r\n"u8);
        }
        if (request.IsClosing)
            output.Append("Connection: close\r\n"u8);
        if (asked.ChunkBytes > 0)
        {
            output.Append("Transfer-Encoding: chunked\r\n\r\n"u8);
            return;
        }
        output.Append("Content-Length: "u8);
        output.AppendDecimal(asked.SizeBytes);
        output.Append("\r\n\r\n"u8);
    }
}
