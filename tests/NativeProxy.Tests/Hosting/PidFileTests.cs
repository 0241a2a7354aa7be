using System;
using System.IO;
using NativeProxy.Hosting.Processes;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class PidFileTests
{
    [Fact]
    public void File_HoldsTheProcessIdUntilTheEnd()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using (new PidFile(path))
            Assert.Equal(Environment.ProcessId + "\n", File.ReadAllText(path));

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void FileThatAnotherProcessHasWrittenMeanwhile_IsLeftAlone()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using (new PidFile(path))
            File.WriteAllText(path, "1\n");
        Assert.Equal("1\n", File.ReadAllText(path));
        File.Delete(path);
    }

    [Fact]
    public void EmptyPath_MeansNoFile() => new PidFile("").Dispose();

    [Fact]
    public void PathThatCannotBeWritten_Throws() => Assert.ThrowsAny<IOException>(static () => new PidFile("/nowhere/at/all.pid"));
}
