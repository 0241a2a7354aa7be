using System;
using System.IO;
using System.IO.Pipes;
using System.Text;
using System.Threading;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Logging;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Logging;

/// <summary>The writer brings every accepted record to the file before it ends, survives rotation and a target that fails.</summary>
public sealed class LogWriterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-log-").FullName;
    private readonly MemoryStream _stderr = new();
    private readonly ErrorLog _errors;
    private readonly ITestOutputHelper _output;

    public LogWriterTests(ITestOutputHelper output)
    {
        _output = output;
        _errors = new ErrorLog(_stderr, TimeProvider.System);
    }

    private string FilePath => Path.Combine(_directory, "access.log");

    private string Stderr => Encoding.UTF8.GetString(_stderr.ToArray());

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private LogWriter Writer(LogRing ring, LogTarget target) =>
        new(ring, SampleRecords.Names(), new LogDestinations(AccessLogStyle.Haproxy, target, null), _errors);

    [Fact]
    public void RecordsBeforeDispose_AreAllInTheFileInOrder()
    {
        const int Count = 20_000;
        using LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile(FilePath));
        for (int i = 0; i < Count; i++)
        {
            while (!AccessRecordCodec.TryWrite(ring, SampleRecords.Get("/" + i)))
                Thread.Yield();
        }

        writer.Dispose();
        string[] lines = File.ReadAllLines(FilePath);
        Assert.Equal(Count, lines.Length);
        for (int i = 0; i < Count; i++)
            Assert.Contains($"\"GET /{i} HTTP/1.1\" cc=12/3/4500", lines[i]);

        Assert.Equal(Count, writer.Figures.LinesWritten);
        Assert.Equal(0, writer.Figures.LinesLost);
        Assert.Equal("", Stderr);
    }

    [Fact]
    public void RecordsAfterASwitch_GoToTheNewFile_AllOthersToTheOldOne()
    {
        const int Count = 3_000;
        string second = FilePath + ".2";
        using LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile(FilePath));
        for (int i = 0; i < Count; i++)
        {
            if (i == Count / 3)
                writer.SwitchTo(new LogDestinations(AccessLogStyle.Json, LogTarget.ToFile(second), null));

            while (!AccessRecordCodec.TryWrite(ring, SampleRecords.Get("/" + i)))
                Thread.Yield();
        }

        writer.SwitchTo(new LogDestinations(AccessLogStyle.Haproxy, null, null));
        writer.Dispose();

        string[] before = File.ReadAllLines(FilePath);
        string[] after = File.ReadAllLines(second);
        Assert.Equal((Count / 3, Count - Count / 3), (before.Length, after.Length));
        Assert.Contains($"\"GET /{Count / 3 - 1} HTTP/1.1\"", before[^1], StringComparison.Ordinal);
        Assert.All(before, static line => Assert.DoesNotContain("{", line[..1], StringComparison.Ordinal));
        Assert.All(after, static line => Assert.StartsWith("{", line, StringComparison.Ordinal));
        Assert.Contains($"/{Count - 1}\"", after[^1], StringComparison.Ordinal);
        Assert.Equal(Count, writer.Figures.LinesWritten);
        Assert.Equal("", Stderr);
    }

    [Fact]
    public void WriterOfADisposedRing_Ends()
    {
        LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile(FilePath));
        AccessRecordCodec.TryWrite(ring, SampleRecords.Get());
        SpinWait.SpinUntil(() => writer.Figures.LinesWritten == 1);
        Assert.False(writer.HasEnded);

        ring.Dispose();

        Assert.True(SpinWait.SpinUntil(() => writer.HasEnded, TimeSpan.FromSeconds(30)));
        writer.Dispose();
        Assert.Single(File.ReadAllLines(FilePath));
    }

    [Fact]
    public void WriterWithoutRecords_EndsAndLeavesAnEmptyFile()
    {
        using LogRing ring = new(1 << 16);
        Writer(ring, LogTarget.ToFile(FilePath)).Dispose();
        Assert.Equal("", File.ReadAllText(FilePath));
    }

    [Fact]
    public void ExistingFile_IsAppendedTo()
    {
        File.WriteAllText(FilePath, "old\n");
        using LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile(FilePath));
        AccessRecordCodec.TryWrite(ring, SampleRecords.Get());
        writer.Dispose();
        string[] lines = File.ReadAllLines(FilePath);
        Assert.Equal("old", lines[0]);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void TwoWritersOnOneFile_DoNotOverwriteEachOther()
    {
        const int Count = 3_000;
        using LogRing ringA = new(1 << 21);
        using LogRing ringB = new(1 << 21);
        LogWriter a = Writer(ringA, LogTarget.ToFile(FilePath));
        LogWriter b = Writer(ringB, LogTarget.ToFile(FilePath));
        for (int i = 0; i < Count; i++)
        {
            Assert.True(AccessRecordCodec.TryWrite(ringA, SampleRecords.Get("/a")));
            Assert.True(AccessRecordCodec.TryWrite(ringB, SampleRecords.Get("/b")));
        }

        a.Dispose();
        b.Dispose();
        string[] lines = File.ReadAllLines(FilePath);
        Assert.Equal(Count, Array.FindAll(lines, line => line.Contains("\"GET /a HTTP/1.1\" cc=")).Length);
        Assert.Equal(Count, Array.FindAll(lines, line => line.Contains("\"GET /b HTTP/1.1\" cc=")).Length);
        Assert.Equal(2 * Count, lines.Length);
    }

    [Fact]
    public void ReopenAfterRotation_WritesToTheNewFile()
    {
        using LogRing ring = new(1 << 16);
        LogTarget target = LogTarget.ToFile(FilePath);
        LogWriter writer = Writer(ring, target);
        AccessRecordCodec.TryWrite(ring, SampleRecords.Get("/before"));
        SpinWait.SpinUntil(() => writer.Figures.LinesWritten == 1);
        File.Move(FilePath, FilePath + ".1");
        writer.Reopen();
        SpinWait.SpinUntil(() => File.Exists(FilePath));
        AccessRecordCodec.TryWrite(ring, SampleRecords.Get("/after"));
        writer.Dispose();
        Assert.Contains("GET /before ", File.ReadAllText(FilePath + ".1"));
        Assert.Contains("GET /after ", File.ReadAllText(FilePath));
        Assert.DoesNotContain("/before", File.ReadAllText(FilePath));
    }

    [Fact]
    public void ReopenThatFails_KeepsTheOldFileAndSaysSo()
    {
        using LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile(FilePath));
        File.Move(FilePath, FilePath + ".1");
        Directory.CreateDirectory(FilePath);
        writer.Reopen();
        SpinWait.SpinUntil(() => _stderr.Length > 0);
        AccessRecordCodec.TryWrite(ring, SampleRecords.Get("/still"));
        writer.Dispose();
        Assert.Contains("GET /still ", File.ReadAllText(FilePath + ".1"));
        Assert.Contains(" error access log could not be reopened", Stderr);
    }

    [Fact]
    public void FileInAMissingDirectory_IsRefusedAtStart() =>
        Assert.ThrowsAny<IOException>(() => LogTarget.ToFile(Path.Combine(_directory, "missing", "access.log")));

    [Fact]
    public void FullDisk_IsReportedOnceAndCountedPerLine()
    {
        if (!File.Exists("/dev/full"))
        {
            _output.WriteLine("skipped: no full device");
            return;
        }

        using LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile("/dev/full"));
        for (int i = 1; i <= 3; i++)
        {
            AccessRecordCodec.TryWrite(ring, SampleRecords.Get());
            SpinWait.SpinUntil(() => writer.Figures.LinesLost == i);
        }

        writer.Dispose();
        Assert.Equal(3, writer.Figures.LinesLost);
        Assert.Equal(0, writer.Figures.LinesWritten);
        Assert.Single(Stderr.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(" error access log lines are lost: ", Stderr);
    }

    [Fact]
    public void PipeThatItsReaderClosed_IsReportedOnceAndCountedPerLine()
    {
        if (!OperatingSystem.IsLinux())
        {
            _output.WriteLine("skipped: descriptors are a Linux matter");
            return;
        }

        using LogRing ring = new(1 << 16);
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        LogWriter writer = Writer(ring, LogTarget.FromHandle(Descriptor(reader)));
        AccessRecordCodec.TryWrite(ring, SampleRecords.Get("/read"));
        byte[] received = new byte[4096];
        int count = reader.Read(received);
        Assert.Contains("GET /read ", Encoding.ASCII.GetString(received, 0, count));
        SpinWait.SpinUntil(() => writer.Figures.LinesWritten == 1);

        reader.Dispose();
        for (int i = 1; i <= 2; i++)
        {
            AccessRecordCodec.TryWrite(ring, SampleRecords.Get());
            SpinWait.SpinUntil(() => writer.Figures.LinesLost == i);
        }

        writer.Dispose();
        Assert.Equal((1, 2), (writer.Figures.LinesWritten, writer.Figures.LinesLost));
        Assert.Single(Stderr.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void ProducerWakingTheWriter_AllocatesNothing()
    {
        using LogRing ring = new(1 << 16);
        LogWriter writer = Writer(ring, LogTarget.ToFile(FilePath));
        Produce(10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Produce(20);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        writer.Dispose();
        Assert.Equal(30, writer.Figures.LinesWritten);

        void Produce(int times)
        {
            for (int i = 0; i < times; i++)
            {
                // Each record finds the writer idle or about to be, so that the wake-up is part of what is measured.
                long written = writer.Figures.LinesWritten;
                AccessRecordCodec.TryWrite(ring, RecordWithoutAllocation);
                while (writer.Figures.LinesWritten == written)
                    Thread.Yield();
            }
        }
    }

    private static AccessRecord RecordWithoutAllocation =>
        new() { Numbers = SampleRecords.Numbers(), Method = "GET"u8, Target = "/"u8, Version = "HTTP/1.1"u8 };

    /// <summary>The writing end of the pipe as a descriptor of its own.</summary>
    private static SafeFileHandle Descriptor(AnonymousPipeServerStream reader)
    {
        int descriptor = (int)reader.ClientSafePipeHandle.DangerousGetHandle();
        reader.ClientSafePipeHandle.SetHandleAsInvalid();
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
