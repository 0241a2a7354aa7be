using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// What HTTP/1.1 itself says in a request head, around the fields: request line in front of them, framing and Connection behind them. The fields
/// may be kept for another try, which may need other words around them; so the request line is put in front of what is there already. Pure.
/// </summary>
internal static class RequestHeadEncoder
{
    /// <summary>Length of a request line with its CRLF: so much room it needs in front of the fields.</summary>
    public static int LineBytes(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target) => method.Length + target.Length + 1 + Version.Length;

    private static ReadOnlySpan<byte> Version => " HTTP/1.1\r\n"u8;

    /// <summary>Writes the request line so that it fills the end of the room.</summary>
    /// <param name="room">What lies in front of the fields; not shorter than <see cref="LineBytes"/>.</param>
    /// <param name="method">As the client spelt it.</param>
    /// <param name="target">
    /// As <see cref="OriginTarget.Of"/> says, or another one; may lie in the room itself, the method may not.
    /// </param>
    /// <returns>Where it begins in the room.</returns>
    public static int WriteLine(Span<byte> room, ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        int versionStart = room.Length - Version.Length;
        int targetStart = versionStart - target.Length;
        int start = targetStart - 1 - method.Length;
        target.CopyTo(room[targetStart..]);
        Version.CopyTo(room[versionStart..]);
        method.CopyTo(room[start..]);
        room[targetStart - 1] = (byte)' ';
        return start;
    }

    /// <summary>Writes what stands behind the fields, up to the blank line.</summary>
    /// <param name="writer">Stands behind the fields.</param>
    /// <param name="framing">How the body is delimited.</param>
    /// <param name="upgrade">The protocol to switch to, or empty.</param>
    /// <param name="closes">Tell the server that its connection is used once only.</param>
    public static void WriteEnd(ref HeadWriter writer, BodyFraming framing, ReadOnlySpan<byte> upgrade, bool closes)
    {
        FramingFields.Write(ref writer, framing);
        if (!upgrade.IsEmpty)
        {
            writer.AppendField("Connection"u8, "Upgrade"u8);
            writer.AppendField("Upgrade"u8, upgrade);
        }
        else if (closes)
        {
            writer.AppendField("Connection"u8, "close"u8);
        }
        writer.EndHead();
    }
}
