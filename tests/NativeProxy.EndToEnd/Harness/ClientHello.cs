using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>The first message of a TLS client, as text with a character per byte.</summary>
internal static class ClientHello
{
    /// <summary>A ClientHello of TLS 1.2 and 1.3.</summary>
    /// <param name="name">The server name; null = without one.</param>
    /// <param name="recordBytes">Bytes of the message that one record has at most.</param>
    public static string Of(string? name, int recordBytes = int.MaxValue)
    {
        byte[] names = name is null ? [] : Encoding.ASCII.GetBytes(name);
        byte[] list = name is null ? [] : [0, 0, .. Number(names.Length + 5), .. Number(names.Length + 3), 0, .. Number(names.Length), .. names];
        byte[] extensions = [0, 43, 0, 3, 2, 3, 4, .. list];
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0, .. Number(extensions.Length), .. extensions];
        byte[] message = [1, 0, .. Number(body.Length), .. body];
        return string.Concat(message.Chunk(Math.Min(recordBytes, message.Length)).Select(
            static part => Encoding.Latin1.GetString([22, 3, 1, .. Number(part.Length), .. part])));
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }
}
