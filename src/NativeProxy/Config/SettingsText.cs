using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace NativeProxy.Config;

/// <summary>One file as it was read.</summary>
/// <param name="Name">As messages call it.</param>
/// <param name="Bytes">The whole text; not checked.</param>
internal readonly record struct SettingsPart(string Name, byte[] Bytes);

/// <summary>
/// A settings file and those that it includes, as they were read, each in front of those that it includes. Immutable.
/// </summary>
/// <param name="Parts">The file that was named, then the others; at least one.</param>
/// <param name="CanBeReadAgain">False for a pipe, which is empty afterwards.</param>
internal sealed record SettingsText(IReadOnlyList<SettingsPart> Parts, bool CanBeReadAgain)
{
    /// <summary>What is wrong with what they include.</summary>
    public IReadOnlyList<IncludeFault> Faults { get; init; } = [];

    /// <summary>What the user called the first.</summary>
    public string Path => Parts[0].Name;

    /// <summary>All texts and their names as one, for the line to a worker.</summary>
    public byte[] Bytes
    {
        get
        {
            using MemoryStream bytes = new();
            foreach (SettingsPart part in Parts)
            {
                Write(bytes, Encoding.UTF8.GetBytes(part.Name));
                Write(bytes, part.Bytes);
            }
            return bytes.ToArray();
        }
    }

    /// <summary>All texts for whoever reads them: of several files, each behind a comment with its name.</summary>
    public byte[] Readable
    {
        get
        {
            if (Parts.Count == 1)
                return Parts[0].Bytes;
            using MemoryStream bytes = new();
            foreach (SettingsPart part in Parts)
            {
                bytes.Write(Encoding.UTF8.GetBytes($"# {part.Name}\n"));
                bytes.Write(part.Bytes);
                bytes.WriteByte((byte)'\n');
            }
            return bytes.ToArray();
        }
    }

    /// <summary>Takes apart what <see cref="Bytes"/> has made.</summary>
    public static SettingsText Decode(ReadOnlySpan<byte> encoded)
    {
        List<SettingsPart> parts = [];
        while (!encoded.IsEmpty)
            parts.Add(new SettingsPart(Encoding.UTF8.GetString(Take(ref encoded)), Take(ref encoded).ToArray()));
        return new SettingsText(parts, CanBeReadAgain: true);
    }

    private static void Write(MemoryStream bytes, ReadOnlySpan<byte> text)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        bytes.Write(length);
        bytes.Write(text);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> encoded)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(encoded);
        ReadOnlySpan<byte> text = encoded.Slice(sizeof(int), length);
        encoded = encoded[(sizeof(int) + length)..];
        return text;
    }
}
