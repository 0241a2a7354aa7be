using System;
using System.IO;
using System.Linq;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A test that needs a browser without a window, Chromium, and says so where there is none.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    public const string Name = "chromium";

    public BrowserFactAttribute()
    {
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!directories.Any(static directory => File.Exists(Path.Combine(directory, Name))))
            Skip = Name + " is not installed here";
    }
}
