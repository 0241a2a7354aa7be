using System;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about Unix sockets that are listened on. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class UnixSocketRules(SettingPlaces places, SettingsErrors errors)
{
    /// <param name="listener">The listener.</param>
    /// <param name="path">Where it stands.</param>
    public void Check(in ListenerSettings listener, string path)
    {
        if (!listener.Unix.IsDefault && !listener.Bind.Any(UnixAddressText.IsUnix))
        {
            Break($"{path}.unix", "[listener.unix] is for a listener that binds a Unix socket",
                "an address such as \"unix:/run/nativeproxy/web.sock\" in \"bind\", or no such table");
        }
        Check(listener.Unix, path);
    }

    /// <summary>The same of the operator's endpoint.</summary>
    public void Check(in AdminSettings admin)
    {
        if (!admin.Unix.IsDefault && !UnixAddressText.IsUnix(admin.Bind))
        {
            Break("admin.unix", "[admin.unix] is for an admin endpoint that binds a Unix socket",
                "\"bind\" such as \"unix:/run/nativeproxy/admin.sock\", or no such table");
        }
        Check(admin.Unix, "admin");
    }

    private void Check(in ListenerUnixSettings unix, string path)
    {
        if (unix.Mode.Length is < 3 or > 4 || unix.Mode.AsSpan().ContainsAnyExceptInRange('0', '7') || (unix.Mode.Length == 4 && unix.Mode[0] != '0'))
            Break($"{path}.unix.mode", $"{ErrorExcerpt.Quoted(unix.Mode)} are no permissions of a socket", "three octal digits, such as \"0660\"");
        if (!NameText.IsValid(unix.User) && unix.User.Length > 0)
            Break($"{path}.unix.user", $"{ErrorExcerpt.Quoted(unix.User)} cannot be the name of a user", NameText.Expected);
        if (!NameText.IsValid(unix.Group) && unix.Group.Length > 0)
            Break($"{path}.unix.group", $"{ErrorExcerpt.Quoted(unix.Group)} cannot be the name of a group", NameText.Expected);
    }

    private void Break(string path, string problem, string expected)
    {
        TextPosition position = places.Of(path);
        if (places.IsSet(path) && !errors.HasErrorAt(position))
            errors.Add(position, problem, expected);
    }
}
