using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Channels;

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
            User = started.Runtime.User,
            Group = started.Runtime.Group,
        },
        Admin = AtItsAddress(settings.Admin) with { Bind = started.Admin.Bind, Unix = started.Admin.Unix },
        Log = settings.Log with { ErrorsTarget = started.Log.ErrorsTarget },
    };

    /// <summary>Without a certificate that nobody has read, because the file names no address where it would be shown.</summary>
    private static AdminSettings AtItsAddress(in AdminSettings admin) => admin.IsSecured ? admin : admin with { Certificate = "", Key = "" };

    /// <summary>
    /// The fixed keys whose values differ from those that the process was started with: what <see cref="Keep"/> does not let through.
    /// </summary>
    public static List<string> Changed(in ProxySettings settings, in ProxySettings started) =>
        [.. SettingsChanges.Between(Keep(settings, started), settings).Select(static change => change.Key)];
}
