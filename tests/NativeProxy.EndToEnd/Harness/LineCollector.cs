using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Collects the lines of one output stream of a process as they come. Any thread may look.</summary>
internal sealed class LineCollector
{
    private readonly object _gate = new();
    private readonly List<string> _lines = [];

    public LineCollector(StreamReader reader) => Ended = ReadAll(reader);

    /// <summary>Done when the process has closed the stream.</summary>
    public Task Ended { get; }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    public string Text => string.Join("\n", Lines);

    /// <summary>The first line that fits, once it is there.</summary>
    public async Task<string> WaitFor(Func<string, bool> fits, string what)
    {
        await Deadline.Until(() => Lines.Any(fits), () => $"a line with {what} in:\n{Text}");
        return Lines.First(fits);
    }

    public Task<string> WaitFor(string part) => WaitFor(line => line.Contains(part, StringComparison.Ordinal), $"\"{part}\"");

    /// <summary>The first lines, once there are so many.</summary>
    public async Task<IReadOnlyList<string>> WaitForCount(int count)
    {
        await Deadline.Until(() => Lines.Count >= count, () => $"{count} lines in:\n{Text}");
        return Lines;
    }

    private async Task ReadAll(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
                _lines.Add(line);
        }
    }
}
