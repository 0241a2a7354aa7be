using System;
using System.IO;
using System.Linq;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A clock of the day that a test sets for one process and those that it starts, by libfaketime; their monotonic clock goes on.</summary>
internal sealed class SteppedClock : IDisposable
{
    private static readonly string? Library = Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib").Select(static directory => Path.Combine(directory, "faketime/libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    private readonly string _path = Path.GetTempFileName();

    public SteppedClock() => Set(TimeSpan.Zero);

    /// <summary>Why there is none here; null when there is.</summary>
    public static string? Obstacle => Library is null ? "libfaketime is not installed" : null;

    /// <summary>For <see cref="ProxyConfig.StartedThrough"/>.</summary>
    public string Script => $"export LD_PRELOAD=\"{Library}\" FAKETIME_TIMESTAMP_FILE=\"{_path}\" FAKETIME_NO_CACHE=1 "
        + "FAKETIME_DONT_FAKE_MONOTONIC=1; exec \"$0\" \"$@\"";

    /// <summary>So far from the real time, from now on.</summary>
    public void Set(TimeSpan offset)
    {
        // It is read at each look at the clock, so it is never seen half written.
        File.WriteAllText(_path + ".new", $"{(offset < TimeSpan.Zero ? "-" : "+")}{(long)offset.Duration().TotalSeconds}\n");
        File.Move(_path + ".new", _path, overwrite: true);
    }

    public void Dispose() => File.Delete(_path);
}

/// <summary>A test that needs a <see cref="SteppedClock"/>, and says so where there is none.</summary>
internal sealed class SteppedClockTheoryAttribute : TheoryAttribute
{
    public SteppedClockTheoryAttribute() => Skip = SteppedClock.Obstacle;
}
