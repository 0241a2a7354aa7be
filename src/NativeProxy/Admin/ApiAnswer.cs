using System;
using System.Buffers;
using System.Text.Json;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>Answers of the API. Stateless.</summary>
internal static class ApiAnswer
{
    /// <summary>A document.</summary>
    public static SmallResponse Json(int statusCode, Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
            write(json);
        text.Write("\n"u8);
        return new SmallResponse(statusCode, "application/json", text.WrittenMemory);
    }

    /// <summary>A document for whoever reads; another method is refused.</summary>
    public static SmallResponse Read(in SmallRequest request, Action<Utf8JsonWriter> write) =>
        IsRead(request) ? Json(200, write) : NotAllowed("GET, HEAD");

    /// <summary>The request changes nothing.</summary>
    public static bool IsRead(in SmallRequest request) => request.Method is HttpMethod.Get or HttpMethod.Head;

    public static SmallResponse NotAllowed(string allowed) => SmallHttpText.Plain(405, $"only {allowed} here\n", $"Allow: {allowed}\r\n");
}
