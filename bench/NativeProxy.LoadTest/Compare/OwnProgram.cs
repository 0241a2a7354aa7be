using System;
using System.Collections.Generic;
using System.IO;

namespace NativeProxy.LoadTest.Compare;

/// <summary>How this program is started once more (origin and forwarder are processes of their own), and where the checkout is.</summary>
internal static class OwnProgram
{
    /// <summary>Program and leading arguments: the executable, or the runtime and the assembly.</summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            string executable = Environment.ProcessPath ?? throw new InvalidOperationException("the own executable is unknown");
            return Path.GetFileNameWithoutExtension(executable) == "dotnet" ? [executable, Environment.GetCommandLineArgs()[0]] : [executable];
        }
    }

    /// <summary>Whether code is compiled while running: then the assembly lies beside the executable.</summary>
    public static bool IsJitted => File.Exists(Path.Combine(AppContext.BaseDirectory, "loadtest.dll"));

    /// <summary>The checkout around the current folder or around the program; null when neither lies in one.</summary>
    public static string? Checkout => Above(Environment.CurrentDirectory) ?? Above(AppContext.BaseDirectory);

    private static string? Above(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "NativeProxy.sln")))
                return at.FullName;
        }
        return null;
    }
}
