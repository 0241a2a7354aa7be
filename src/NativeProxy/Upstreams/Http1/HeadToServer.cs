using System;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Http1;

/// <summary>Writes a whole request head in HTTP/1's words: request line, fields, framing, Connection. Pure: spans in, bytes out.</summary>
internal static class HeadToServer
{
    /// <summary>Returns its length; what was kept of a request always fits.</summary>
    /// <param name="room">Where to.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="upgrade">The protocol to switch to, or null.</param>
    /// <param name="host">What Host says where the request leaves it to the server.</param>
    public static int Write(Span<byte> room, in RequestToServer request, byte[]? upgrade, ReadOnlySpan<byte> host)
    {
        var writer = new HeadWriter(room);
        RequestHeadEncoder.WriteLine(ref writer, request.Words);
        if (request.LacksHost)
            writer.AppendField("Host"u8, host);
        writer.AppendLines(request.Lines);
        BodyFraming framing = !request.Body.HasBody ? BodyFraming.None
            : request.Body.IsUnknown ? BodyFraming.Chunked : BodyFraming.Length(request.Body.Bytes);
        RequestHeadEncoder.WriteEnd(ref writer, framing, upgrade, request.IsOnlyOne);
        Check.That(!writer.Overflowed, "a head that was taken is written whole");
        return writer.WrittenBytes;
    }
}
