using System;
using System.IO;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Explaining;

/// <summary>The command `log explain`: one line, or as many as come. Stateless.</summary>
internal static class LogCommand
{
    /// <summary>Stands for the lines of stdin.</summary>
    private const string Stdin = "-";

    /// <summary>Prints what a line says. Returns the exit code: a failure when there was one that is none of ours.</summary>
    public static int Explain(string line) => line == Stdin ? Explain(Console.In, Console.Out) : Explain(new StringReader(line), Console.Out);

    /// <summary>The same for each of some lines.</summary>
    public static int Explain(TextReader lines, TextWriter output)
    {
        int explained = 0;
        int unknown = 0;
        while (lines.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            if (LogLine.TryRead(line) is not { } read)
            {
                unknown++;
                continue;
            }
            if (explained++ > 0)
                output.WriteLine();
            LogExplanation.Write(output, read);
        }
        if (unknown > 0 || explained == 0)
        {
            Console.Error.WriteLine(
                $"{unknown} lines of a layout that is not known; known are haproxy, json and combined, and lines of closed connections");
        }
        return unknown > 0 || explained == 0 ? ExitCodes.Failure : ExitCodes.Success;
    }
}
