using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// Log files of workers that run as another user (<c>runtime.user</c>): made by the supervisor and given to that user, before a worker opens them at
/// start, at a reload and when logs are opened anew. Of other places, a syslog or the journal, it makes no file. Stateless.
/// </summary>
internal static class LogFiles
{
    /// <summary>Nothing happens where workers are as the supervisor is. What cannot be given is left to the worker to tell.</summary>
    public static void Give(in ProxySettings settings)
    {
        if (settings.Runtime.User.Length == 0 || !SystemUser.IsRoot
            || !SystemUser.TryFind(settings.Runtime.User, settings.Runtime.Group, out SystemUser? user, out _))
        {
            return;
        }
        Give(settings.Log.AccessTarget, user!);
        Give(settings.Log.ConnectionsTarget, user!);
    }

    private static void Give(string target, SystemUser user)
    {
        LogPlace place = LogPlaceText.Of(target);
        if (place.Kind != LogPlaceKind.File)
            return;
        try
        {
            using SafeFileHandle? file = PromptFile.OpenOwnToAppend(place.Path);
            if (file is not null)
                user.Own(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // As the worker will say.
        }
    }
}
