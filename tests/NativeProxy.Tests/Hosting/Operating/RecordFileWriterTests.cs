using System;
using System.IO;
using System.Runtime.Versioning;
using NativeProxy.Hosting.Operating;
using Xunit;

namespace NativeProxy.Tests.Hosting.Operating;

/// <summary>A record is its owner's alone, whatever was in its place.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class RecordFileWriterTests
{
    [Fact]
    public void FileThatOthersCouldRead_IsTheOwnersAlone()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            using (RecordFileWriter? writer = RecordFileWriter.TryOpen(path, out string problem))
                Assert.True(writer is not null && writer.TryAdd("entries"u8, out problem), problem);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.EndsWith("\nentries", File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void FileWithoutRoom_IsAProblemAtOnce()
    {
        Assert.Null(RecordFileWriter.TryOpen("/dev/full", out string problem));
        Assert.StartsWith("/dev/full cannot be written: ", problem, StringComparison.Ordinal);
    }
}
