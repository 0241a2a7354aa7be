using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// Gives a file other contents, with the owner and the rights that it has: by another file that takes its place, so that a crash or a full disk
/// leaves the old one or the new one, whole. A link to it stays. Stateless.
/// </summary>
internal static class FileExchange
{
    /// <summary>Null, or why the file is what it was.</summary>
    /// <param name="path">Of the file, or of a link to it.</param>
    /// <param name="before">What it holds; when it holds something else, it stays as it is.</param>
    /// <param name="after">What it is to hold.</param>
    public static string? ProblemOf(string path, byte[] before, byte[] after)
    {
        try
        {
            // Whoever may not write into it may not replace it either.
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            byte[] found = new byte[before.Length + 1];
            int count = file.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
            if (!found.AsSpan(0, count).SequenceEqual(before))
                return "it has changed meanwhile; try again";
            if (!TryExchange(path, file.SafeFileHandle, after))
                Overwrite(file, before, after);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return OperatorText.Printable(e.Message);
        }
    }

    /// <summary>
    /// False where no other file can take its place: it has a second name, the folder is not for whoever asks, nor is the owner theirs to give, or
    /// the file is mounted by itself, as into a container. Throws when the disk is full.
    /// </summary>
    private static bool TryExchange(string path, SafeFileHandle file, byte[] bytes)
    {
        if (OperatingSystem.IsWindows() || !UnixFile.HasOneName(file))
            return false;
        string target = Path.GetFullPath(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);

        // With a dot, so that no pattern of `include` takes it for settings.
        string beside = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Environment.ProcessId}");
        using FileStream? next = TryCreate(beside);
        if (next is null)
            return false;
        try
        {
            if (!UnixFile.TryGiveLike(file, beside))
                return false;
            File.SetUnixFileMode(next.SafeFileHandle, File.GetUnixFileMode(file));
            next.Write(bytes);
            next.Flush(flushToDisk: true);
            return TryMove(beside, target);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    private static FileStream? TryCreate(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new FileStream(path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryMove(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>In place; when the disk is full, the file is what it was.</summary>
    private static void Overwrite(FileStream file, byte[] before, byte[] after)
    {
        try
        {
            Put(file, after);
        }
        catch (IOException)
        {
            Put(file, before);
            throw;
        }
    }

    private static void Put(FileStream file, byte[] bytes)
    {
        file.Position = 0;
        file.Write(bytes);
        file.SetLength(bytes.Length);
        file.Flush(flushToDisk: true);
    }
}
