using System;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Hosting.Operating;
using NativeProxy.Hosting.Processes;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// `nativeproxy replay`: saved messages go through the parsers again, recorded connections through the whole
/// proxy. Needs no running proxy. Stateless.
/// </summary>
internal static class ReplayCommand
{
    /// <summary>Returns the exit code: 1 when the file is no record, 2 when the configuration cannot be used.</summary>
    /// <param name="path">The record.</param>
    /// <param name="configPath">By which the proxy serves; empty = by settings that fit the record.</param>
    public static int Run(string path, string configPath)
    {
        if (RecordFile.TryRead(path, out string problem) is not { } file)
            return OperatorText.Failed(problem);
        ProxySettings? settings = null;
        if (configPath.Length > 0)
        {
            SettingsResult result = SettingsFile.Load(configPath);
            foreach (ConfigError error in result.Errors)
                Console.Error.WriteLine(error.ToString());
            if (!result.IsOk)
                return ExitCodes.BadConfiguration;
            settings = result.Settings;
        }
        Write(file, settings, Console.Out);
        return ExitCodes.Success;
    }

    /// <summary>Prints what comes of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="settings">By which the proxy serves; null = some that fit.</param>
    /// <param name="output">Takes the lines.</param>
    public static void Write(RecordFile file, ProxySettings? settings, TextWriter output)
    {
        ReadOnlySpan<byte> rest = file.Entries;
        int count = 0;
        while (RecordEntry.TryRead(ref rest, out RecordEntry entry))
        {
            count++;
            if (entry.Kind == RecordKind.Message)
                MessageReplay.Write(output, entry.Payload);
        }
        ReplayRun.Run(file, settings, output);
        if (!rest.IsEmpty)
            output.WriteLine($"the file is cut, or damaged, {rest.Length} bytes before its end; {count} entries were read");
        else if (count == 0)
            output.WriteLine("the file holds no entries");
    }
}
