using System.Runtime.CompilerServices;
using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// What HTTP/1.1 itself says in a request head, around the fields: request line in front of them, framing and Connection behind them. The fields
/// may be kept for another try, which may need other words around them. Pure.
/// </summary>
internal static class RequestHeadEncoder
{
    /// <summary>Writes the request line.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="words">Method and target, with one SP between them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteLine(ref HeadWriter writer, ReadOnlySpan<byte> words)
    {
        writer.Append(words);
        writer.Append(" HTTP/1.1\r\n"u8);
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
