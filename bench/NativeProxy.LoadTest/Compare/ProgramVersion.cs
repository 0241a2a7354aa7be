using System;
using System.Diagnostics;

namespace NativeProxy.LoadTest.Compare;

/// <summary>Asks programs for their version.</summary>
internal static class ProgramVersion
{
    /// <summary>First line of what the program answers, on whichever stream; empty when it cannot be started or says nothing.</summary>
    public static string Ask(string path, params string[] arguments)
    {
        try
        {
            using Process process =
                Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (output + error).Split('\n', StringSplitOptions.TrimEntries)[0];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
