using System;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>Via (RFC 9110 7.6.3): the version of the received message, and who passes it on. Pure.</summary>
internal static class ViaField
{
    public static void Write<TSink>(ref TSink sink, HttpVersion received, ReadOnlySpan<byte> pseudonym)
        where TSink : struct, IFieldSink, allows ref struct
    {
        sink.BeginField("Via"u8);
        sink.AppendValue(received == HttpVersion.Http10 ? "1.0 "u8 : "1.1 "u8);
        sink.AppendValue(pseudonym);
        sink.EndField();
    }
}
