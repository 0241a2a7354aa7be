using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Workers;

/// <summary>Whoever serves goes over to the user of the settings before it serves. Stateless.</summary>
internal static class WorkerUser
{
    /// <summary>Null when that is done or not asked for; else why not, and then nobody may be served.</summary>
    public static string? Become(in RuntimeSettings settings)
    {
        if (settings.User.Length == 0)
            return null;
        return SystemUser.TryFind(settings.User, settings.Group, out SystemUser? user, out string problem) ? user!.Become() : problem;
    }
}
