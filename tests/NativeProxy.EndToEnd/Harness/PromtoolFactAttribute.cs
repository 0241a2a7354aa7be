using System;
using System.IO;
using System.Linq;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A test that needs the checker of Prometheus, <c>promtool</c>, and says so where there is none.</summary>
internal sealed class PromtoolFactAttribute : FactAttribute
{
    public const string Name = "promtool";

    public PromtoolFactAttribute()
    {
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!directories.Any(static directory => File.Exists(Path.Combine(directory, Name))))
            Skip = Name + " is not installed here";
    }
}
