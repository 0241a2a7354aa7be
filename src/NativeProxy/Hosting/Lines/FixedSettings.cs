using System.Collections.Generic;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Lines;

/// <summary>The keys that a reload does not change, because what they describe is made once. Stateless.</summary>
internal static class FixedSettings
{
    /// <summary>These settings with the fixed keys of those that the process was started with: what really is in force.</summary>
    public static ProxySettings Keep(in ProxySettings settings, in ProxySettings started) => settings with
    {
        Runtime = settings.Runtime with
        {
            Workers = started.Runtime.Workers,
            Engine = started.Runtime.Engine,
            BufferBytes = started.Runtime.BufferBytes,
            PidFile = started.Runtime.PidFile,
        },
        Admin = settings.Admin with { Bind = started.Admin.Bind },
    };

    /// <summary>The fixed keys whose values differ from those that the process was started with.</summary>
    public static List<string> Changed(in ProxySettings settings, in ProxySettings started)
    {
        var keys = new List<string>();
        AddIf(settings.Runtime.Workers != started.Runtime.Workers, "runtime.workers");
        AddIf(settings.Runtime.Engine != started.Runtime.Engine, "runtime.engine");
        AddIf(settings.Runtime.BufferBytes != started.Runtime.BufferBytes, "runtime.buffer_bytes");
        AddIf(settings.Runtime.PidFile != started.Runtime.PidFile, "runtime.pid_file");
        AddIf(settings.Admin.Bind != started.Admin.Bind, "admin.bind");
        return keys;

        void AddIf(bool isChanged, string key)
        {
            if (isChanged)
                keys.Add(key);
        }
    }
}
