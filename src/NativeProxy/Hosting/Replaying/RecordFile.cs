using System;
using System.IO;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// A file of record entries, read whole. What is in it was written by anybody: it is bounded, and a cut one is read as far as it goes.
/// </summary>
internal sealed class RecordFile
{
    /// <summary>Longest file that is read.</summary>
    public const long BytesMax = 256 * 1024 * 1024;

    private readonly byte[] _bytes;

    private RecordFile(byte[] bytes) => _bytes = bytes;

    /// <summary>The entries.</summary>
    public ReadOnlySpan<byte> Entries => _bytes.AsSpan(RecordEntry.FileLine.Length);

    /// <summary>Null with the problem when it is none.</summary>
    public static RecordFile? TryRead(string path, out string problem)
    {
        problem = "";
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.CanSeek && file.Length > BytesMax)
            {
                problem = $"{path} is larger than {BytesMax >> 20} MiB: record less, with --bytes";
                return null;
            }
            return TryRead(ReadAll(file), path, out problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = $"{path} cannot be read: {e.Message}";
            return null;
        }
    }

    /// <summary>The same, of bytes that are there already.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="name">Its name, for the problem.</param>
    /// <param name="problem">Why it is none.</param>
    public static RecordFile? TryRead(byte[] bytes, string name, out string problem)
    {
        ReadOnlySpan<byte> line = RecordEntry.FileLine;
        problem = "";
        if (bytes.AsSpan().StartsWith(line))
            return new RecordFile(bytes);
        bool isOther = bytes.AsSpan().StartsWith("nativeproxy record "u8);
        problem = isOther
            ? $"{name} is a record of another version: replay it with the version that has written it"
            : $"{name} is no record: `nativeproxy record` and `nativeproxy errors --save` write some";
        return null;
    }

    private static byte[] ReadAll(FileStream file)
    {
        using var bytes = new MemoryStream();
        byte[] block = new byte[64 * 1024];
        int count;
        while (bytes.Length <= BytesMax && (count = file.Read(block)) > 0)
            bytes.Write(block, 0, count);
        return bytes.ToArray();
    }
}
