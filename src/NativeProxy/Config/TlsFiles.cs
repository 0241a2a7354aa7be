using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace NativeProxy.Config;

/// <summary>What is wrong with a file that the settings of TLS name.</summary>
/// <param name="Key">Where they do.</param>
/// <param name="Problem">One line.</param>
internal readonly record struct TlsFileProblem(string Key, string Problem);

/// <summary>
/// The files that the settings of TLS name, read once, by the supervisor alone: all workers have the same bytes, whenever they start, and none may
/// read a private key. Immutable but for <see cref="Clear"/>. Paths that are equal as texts are one file; the empty one is the bundle of the system's
/// authorities.
/// </summary>
internal sealed class TlsFiles
{
    /// <summary>Of all files together.</summary>
    public const int BytesMax = 64 * 1024 * 1024;

    /// <summary>Where distributions have the authorities of the system.</summary>
    private static readonly string[] SystemBundles =
    [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
    ];

    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    /// <summary>Paths of those that no worker gets.</summary>
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);

    private TlsFiles()
    {
    }

    /// <summary>No file at all.</summary>
    public static TlsFiles None { get; } = new();

    /// <summary>Reads all; one that cannot be read is told and left out.</summary>
    /// <param name="settings">The settings that name them.</param>
    /// <param name="problems">What is wrong.</param>
    public static TlsFiles Read(in ProxySettings settings, List<TlsFileProblem> problems)
    {
        TlsFiles files = new();
        HashSet<string> seen = new(StringComparer.Ordinal);
        long left = BytesMax;
        foreach (TlsFileUse use in TlsFileUses.Of(settings).Where(use => seen.Add(use.Path)))
        {
            string path = use.Path.Length > 0 ? use.Path : SystemBundle() ?? "";
            byte[] bytes = [];
            string? problem = path.Length > 0
                ? TryRead(path, use.BytesMax, out bytes)
                : "there are no authorities of the system: none of the usual files is there, nor one that SSL_CERT_FILE names";
            left -= bytes.Length;
            if (problem is null && left < 0)
                problem = $"{path} is one file too many: all files of TLS together are longer than {Units.FormatSize(BytesMax)}";
            if (!use.IsForWorkers)
                files._own.Add(use.Path);
            if (problem is null)
                files._files.Add(use.Path, bytes);
            else
                problems.Add(new TlsFileProblem(use.Key, problem));
            if (left < 0)
                break;
        }
        return files;
    }

    /// <summary>None was read.</summary>
    public bool IsEmpty => _files.Count == 0;

    /// <summary>True when the file was read.</summary>
    public bool Has(string path) => _files.ContainsKey(path);

    /// <summary>All of a file; nothing when it was not read.</summary>
    public ReadOnlyMemory<byte> Of(string path) => _files.TryGetValue(path, out byte[]? bytes) ? bytes : default;

    /// <summary>SHA-256 of a file in lower-case hex: whether it is still the same one.</summary>
    public string Fingerprint(string path) => Convert.ToHexStringLower(SHA256.HashData(Of(path).Span));

    /// <summary>The same of a file of certificates or keys as it is on disk now; empty when it cannot be read.</summary>
    public static string FingerprintNow(string path)
    {
        if (TryReadNow(path, out _) is not { } bytes)
            return "";
        string print = Convert.ToHexStringLower(SHA256.HashData(bytes));
        CryptographicOperations.ZeroMemory(bytes);
        return print;
    }

    /// <summary>A file of certificates or keys as it is on disk now; null, with the problem, when it cannot be read.</summary>
    public static byte[]? TryReadNow(string path, out string problem)
    {
        problem = TryRead(path, TlsFileUses.BytesMax, out byte[] bytes) ?? "";
        return problem.Length == 0 ? bytes : null;
    }

    /// <summary>
    /// For the line to a worker: for each file that it needs the lengths of its path and of itself, and both. Whoever sends them zeroes them.
    /// </summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[_files.Sum(file =>
            _own.Contains(file.Key) ? 0 : (2 * sizeof(int)) + Encoding.UTF8.GetByteCount(file.Key) + file.Value.Length)];
        int at = 0;
        foreach ((string path, byte[] bytes) in _files)
        {
            if (_own.Contains(path))
                continue;
            BinaryPrimitives.WriteInt32LittleEndian(encoded.AsSpan(at), Encoding.UTF8.GetByteCount(path));
            BinaryPrimitives.WriteInt32LittleEndian(encoded.AsSpan(at + sizeof(int)), bytes.Length);
            at += 2 * sizeof(int);
            at += Encoding.UTF8.GetBytes(path, encoded.AsSpan(at));
            bytes.CopyTo(encoded.AsSpan(at));
            at += bytes.Length;
        }
        return encoded;
    }

    /// <summary>Copies what <see cref="Encode"/> has made.</summary>
    public static TlsFiles Decode(ReadOnlySpan<byte> encoded)
    {
        TlsFiles files = new();
        while (!encoded.IsEmpty)
        {
            int pathBytes = BinaryPrimitives.ReadInt32LittleEndian(encoded);
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(encoded[sizeof(int)..]);
            encoded = encoded[(2 * sizeof(int))..];
            files._files.Add(Encoding.UTF8.GetString(encoded[..pathBytes]), encoded.Slice(pathBytes, bytes).ToArray());
            encoded = encoded[(pathBytes + bytes)..];
        }
        return files;
    }

    /// <summary>Zeroes and forgets all: there are private keys among them.</summary>
    public void Clear()
    {
        foreach (byte[] bytes in _files.Values)
            CryptographicOperations.ZeroMemory(bytes);
        _files.Clear();
        _own.Clear();
    }

    private static string? SystemBundle() => Array.Find(
        [Environment.GetEnvironmentVariable("SSL_CERT_FILE") ?? "", .. SystemBundles], static path => path.Length > 0 && File.Exists(path));

    /// <summary>What is wrong, or null.</summary>
    private static string? TryRead(string path, int bytesMax, out byte[] bytes)
    {
        bytes = [];
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            long length = file.CanSeek ? file.Length : bytesMax;
            if (length > bytesMax)
                return $"{path} is longer than {Units.FormatSize(bytesMax)}";

            // One byte more, so that its end is seen.
            byte[] room = new byte[length + 1];
            int count = file.ReadAtLeast(room, room.Length, throwOnEndOfStream: false);
            bytes = room[..Math.Min(count, (int)length)];
            CryptographicOperations.ZeroMemory(room);
            if (count <= length)
                return null;
            return length < bytesMax ? $"{path} grew while it was read" : $"{path} is longer than {Units.FormatSize(bytesMax)}";
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or SecurityException or ArgumentException or NotSupportedException)
        {
            return $"{path} cannot be read: {failure.Message}";
        }
    }
}
