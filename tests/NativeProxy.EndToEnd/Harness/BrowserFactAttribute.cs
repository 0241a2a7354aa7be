using System;
using System.IO;
using System.Linq;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A test that needs a browser without a window, Chromium, and says so where there is none.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    private const string Name = "chromium";

    public BrowserFactAttribute()
    {
        if (Program is null)
            Skip = Name + " is not installed here";
    }

    /// <summary>Where it is; null where it is not.</summary>
    public static string? Program => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(static directory => Path.Combine(directory, Name)).FirstOrDefault(File.Exists);
}
