using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace NativeProxy.Tests.Tls;

/// <summary>Makes ClientHellos, proper ones and others, out of their parts.</summary>
internal static class Hellos
{
    /// <summary>One record with a hello for this name; null = without the extension.</summary>
    public static byte[] For(string? name) => Record(Message(Body(name is null ? [] : NameExtension(name))));

    /// <summary>A message in records of at most this many bytes.</summary>
    public static byte[] InRecords(byte[] message, int recordBytes)
    {
        var all = new List<byte>();
        for (int i = 0; i < message.Length; i += recordBytes)
            all.AddRange(Record(message[i..Math.Min(message.Length, i + recordBytes)]));
        return [.. all];
    }

    public static byte[] Record(byte[] part, byte type = 22) => [type, 3, 1, .. Number(part.Length), .. part];

    public static byte[] Message(byte[] body, byte type = 1) => [type, (byte)(body.Length >> 16), .. Number(body.Length & 0xffff), .. body];

    /// <summary>Version, random, session id, two cipher suites, no compression, and between two other extensions these.</summary>
    public static byte[] Body(byte[] extensions)
    {
        byte[] all = [.. Extension(43, [2, 3, 4]), .. extensions, .. Extension(51, new byte[40])];
        return [.. BodyBefore(), .. Number(all.Length), .. all];
    }

    /// <summary>All that stands before the extensions.</summary>
    public static byte[] BodyBefore() => [3, 3, .. new byte[32], 32, .. new byte[32], 0, 4, 0x13, 1, 0x13, 2, 1, 0];

    public static byte[] NameExtension(string name) => Extension(0, NameList(Encoding.Latin1.GetBytes(name)));

    public static byte[] NameList(byte[] name, byte type = 0) => [.. Number(name.Length + 3), type, .. Number(name.Length), .. name];

    public static byte[] Extension(int type, byte[] value) => [.. Number(type), .. Number(value.Length), .. value];

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }
}
