using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Routing;

/// <summary>
/// A redirect of a route (RFC 9110 section 15.4): its Location is written for each request. Owner: a <see cref="RouteTable"/>; thread: the loop, on
/// which one is read at a time.
/// </summary>
/// <param name="statusCode">301, 302, 303, 307 or 308.</param>
/// <param name="location">Where to.</param>
/// <param name="room">Where the head is written; shared, as one is read at a time.</param>
internal sealed class Redirect(int statusCode, RequestTemplate location, byte[] room)
{
    private const int LocationBytesMax = 8 * 1024;

    private readonly ResponseHead _parts = new(fieldCountMax: 4);

    /// <summary>
    /// The head as the client's face takes it; empty when the Location would be too long, or none: without the host that it names, or with bytes that
    /// no URI has.
    /// </summary>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="request">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="parts">What is in it.</param>
    public ReadOnlySpan<byte> WriteHead(ReadOnlySpan<byte> bytes, RequestHead request, in PeerAddress client, out ResponseHead parts)
    {
        parts = _parts;
        var writer = new HeadWriter(room);
        writer.Append(ReasonPhrases.Of(statusCode));
        writer.Append("\r\nLocation: "u8);
        int value = writer.WrittenBytes;
        location.Write(ref writer, bytes, request, client);
        if (writer.Overflowed || writer.WrittenBytes - value > LocationBytesMax || writer.WrittenBytes == value)
            return default;
        if (writer.Written[value..].ContainsAnyExceptInRange((byte)'!', (byte)'~') || (location.NeedsHost && HostText.Of(bytes, request).IsEmpty))
            return default;
        int end = location.BeginsWithVariable ? WithoutDoubleSlash(value, writer.WrittenBytes) : writer.WrittenBytes;
        var rest = new HeadWriter(room.AsSpan(end));
        rest.EndLine();
        rest.AppendField("Content-Length"u8, "0"u8);
        rest.EndHead();
        Describe(value, end);
        return room.AsSpan(0, end + rest.WrittenBytes);
    }

    /// <summary>A head that was written before, for a request that has waited since.</summary>
    /// <param name="written">What <see cref="WriteHead"/> has given.</param>
    /// <param name="parts">What is in it.</param>
    public ReadOnlySpan<byte> RestoreHead(ReadOnlySpan<byte> written, out ResponseHead parts)
    {
        parts = _parts;
        written.CopyTo(room);
        int value = ReasonPhrases.Of(statusCode).Length + "\r\nLocation: ".Length;
        Describe(value, value + written[value..].IndexOf((byte)'\r'));
        return room.AsSpan(0, written.Length);
    }

    private void Describe(int value, int end)
    {
        _parts.StatusCode = statusCode;
        _parts.Version = HttpVersion.Http11;
        _parts.Body = BodyLength.None;
        _parts.PassesLength = true;
        _parts.Reason = new ByteRange(0, ReasonPhrases.Of(statusCode).Length);
        _parts.Fields.Clear();
        _parts.Fields.TryAdd(
            new ByteRange(value - "Location: ".Length, "Location".Length), ByteRange.Between(value, end), KnownHeader.Location);
        int length = end + "\r\n".Length;
        _parts.Fields.TryAdd(
            new ByteRange(length, "Content-Length".Length), new ByteRange(length + "Content-Length: ".Length, 1), KnownHeader.ContentLength);
    }

    /// <summary>
    /// "//host" and "/\host" lead to another host: of slashes and backslashes at the start of what came from the client one slash is left. Returns
    /// where it ends.
    /// </summary>
    private int WithoutDoubleSlash(int start, int end)
    {
        int after = start;
        while (after < end && room[after] is (byte)'/' or (byte)'\\')
            after++;
        int many = after - start;
        if (many <= 1 && (many == 0 || room[start] == '/'))
            return end;
        room[start] = (byte)'/';
        room.AsSpan(after..end).CopyTo(room.AsSpan(start + 1));
        return end - many + 1;
    }
}
