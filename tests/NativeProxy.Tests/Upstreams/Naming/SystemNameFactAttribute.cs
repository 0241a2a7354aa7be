using System;
using System.IO;
using System.Linq;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Naming;

/// <summary>A test that needs a name which this machine's own resolver knows without DNS, and says so where there is none.</summary>
internal sealed class SystemNameFactAttribute : FactAttribute
{
    public SystemNameFactAttribute()
    {
        if (Name is null)
            Skip = "/etc/hosts names nothing but this machine as localhost";
    }

    /// <summary>A name of the hosts file that is not of those which every resolver knows (RFC 6761).</summary>
    public static string? Name { get; } = !File.Exists("/etc/hosts") ? null
        : (from line in File.ReadLines("/etc/hosts")
           from word in line.Split('#')[0].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Skip(1)
           where !word.TrimEnd('.').EndsWith("localhost", StringComparison.OrdinalIgnoreCase)
           select word).FirstOrDefault();
}
