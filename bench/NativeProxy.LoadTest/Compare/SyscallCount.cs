using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.Compare;

/// <summary>strace -c on a process tree, from the moment when it is attached. Owns the strace process.</summary>
internal sealed class SyscallCount : IDisposable
{
    private const int AttachMsMax = 5000;
    private const int NamesMax = 8;

    private readonly ChildProcess _strace;
    private readonly string _summaryPath;

    private SyscallCount(ChildProcess strace, string summaryPath)
    {
        _strace = strace;
        _summaryPath = summaryPath;
    }

    /// <summary>Attaches to the process and its descendants. Throws <see cref="CannotRunException"/> when the kernel does not allow it.</summary>
    public static SyscallCount Begin(string stracePath, int processId, string folder, RunSettings settings)
    {
        string summaryPath = Path.Combine(folder, "strace.summary");
        var command = new List<string> { stracePath, "-f", "-c", "-q", "-o", summaryPath };
        List<int> members = ProcessTree.Members(processId);
        foreach (int member in members)
            command.AddRange(["-p", member.ToString(CultureInfo.InvariantCulture)]);
        var count = new SyscallCount(ChildProcess.Start(command, Path.Combine(folder, "strace.output"), settings.ProxyProcessors,
            settings.LoadProcessors), summaryPath);
        long endMs = Environment.TickCount64 + AttachMsMax;
        while (!members.All(IsTraced))
        {
            if (count._strace.HasEnded || Environment.TickCount64 > endMs)
            {
                count.Dispose();
                throw new CannotRunException("strace cannot be attached: " + File.ReadAllText(Path.Combine(folder, "strace.output")).Trim());
            }
            Thread.Sleep(10);
        }
        return count;
    }

    /// <summary>Detaches and returns the figures.</summary>
    public SyscallFigures End(long requestCount)
    {
        _strace.Interrupt();
        return Read(File.ReadAllLines(_summaryPath), requestCount);
    }

    public void Dispose() => _strace.Dispose();

    /// <summary>Reads lines of "% time, seconds, usecs/call, calls, [errors,] name", the last of which is the total.</summary>
    internal static SyscallFigures Read(IEnumerable<string> lines, long requestCount)
    {
        double total = 0;
        var calls = new Dictionary<string, double>();
        foreach (string line in lines)
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 5 || !long.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
                continue;
            if (fields[^1] == "total")
                total = (double)count / requestCount;
            else
                calls[fields[^1]] = (double)count / requestCount;
        }
        return new SyscallFigures(total,
            calls.OrderByDescending(call => call.Value).Take(NamesMax).ToDictionary(call => call.Key, call => call.Value));
    }

    private static bool IsTraced(int processId)
    {
        try
        {
            return File.ReadLines($"/proc/{processId}/status")
                .Any(line => line.StartsWith("TracerPid:", StringComparison.Ordinal) && !line.EndsWith("\t0", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return true;
        }
    }
}
