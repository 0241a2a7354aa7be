using System;
using System.Globalization;
using System.IO;

namespace NativeProxy.Metrics;

/// <summary>
/// What the kernel knows about one process, read from <c>/proc</c> when somebody asks (Linux; elsewhere nobody can tell). A value; any thread.
/// Allocates: it is for operators, never for the path of a request.
/// </summary>
internal readonly record struct ProcessFigures
{
    /// <summary>The unit of times in <c>/proc</c>: USER_HZ, 100 a second on every architecture that .NET runs on.</summary>
    private const int TickMs = 10;

    /// <summary>Processor time of all threads, in user and kernel mode.</summary>
    public required long CpuMs { get; init; }

    public required long ResidentBytes { get; init; }

    public required long VirtualBytes { get; init; }

    public required int OpenDescriptors { get; init; }

    /// <summary>How many it may open; -1 = without a limit.</summary>
    public required long DescriptorsMax { get; init; }

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public required long StartedWallMs { get; init; }

    public required int Threads { get; init; }

    /// <summary>Null when there is no such process, or it ends just now, or it is another user's.</summary>
    public static ProcessFigures? Of(int processId)
    {
        string directory = $"/proc/{processId}";
        try
        {
            // The name, in parentheses, may hold blanks and parentheses itself; proc(5) numbers the fields from 1, and the state behind it is 3.
            string stat = File.ReadAllText(directory + "/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessFigures
            {
                CpuMs = (Number(fields, 14) + Number(fields, 15)) * TickMs,
                Threads = (int)Number(fields, 20),
                StartedWallMs = BootedWallMs() + (Number(fields, 22) * TickMs),
                VirtualBytes = Number(fields, 23),
                ResidentBytes = Number(fields, 24) * Environment.SystemPageSize,
                OpenDescriptors = Directory.GetFileSystemEntries(directory + "/fd").Length,
                DescriptorsMax = DescriptorsMaxOf(directory),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static long Number(string[] fields, int number) => long.Parse(fields[number - 3], CultureInfo.InvariantCulture);

    private static long BootedWallMs()
    {
        const string Name = "btime ";
        foreach (string line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith(Name, StringComparison.Ordinal))
                return long.Parse(line.AsSpan(Name.Length), CultureInfo.InvariantCulture) * 1000;
        }
        throw new FormatException("/proc/stat does not say when the system started");
    }

    /// <summary>The soft limit of the line "Max open files  1024  4096  files".</summary>
    private static long DescriptorsMaxOf(string directory)
    {
        const string Name = "Max open files";
        foreach (string line in File.ReadLines(directory + "/limits"))
        {
            if (!line.StartsWith(Name, StringComparison.Ordinal))
                continue;
            string soft = line[Name.Length..].TrimStart().Split(' ')[0];
            return soft == "unlimited" ? -1 : long.Parse(soft, CultureInfo.InvariantCulture);
        }
        throw new FormatException(directory + "/limits does not name the open files");
    }
}
