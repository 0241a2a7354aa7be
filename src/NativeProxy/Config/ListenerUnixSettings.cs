namespace NativeProxy.Config;

/// <summary>`[listener.unix]`, `[admin.unix]`: who may connect to Unix sockets that are listened on.</summary>
[SettingsTable(Doc = "Who may connect to its Unix sockets: whoever may write the file of the socket.")]
internal readonly partial struct ListenerUnixSettings
{
    [Setting("mode", Default = DefaultMode, Pattern = "^0?[0-7]{3}$",
        Doc = "Permissions of the file, in octal: \"0660\" is its owner and its group, \"0666\" everybody on the machine.")]
    public partial string Mode { get; init; }

    [Setting("user", Default = "", Doc = "Owner of the file, by name. Empty = the user that the proxy runs as.")]
    public partial string User { get; init; }

    [Setting("group", Default = "", Doc = "Group of the file, by name. Empty = that of the proxy.")]
    public partial string Group { get; init; }

    private const string DefaultMode = "0660";

    /// <summary>True when the file says nothing, or the same.</summary>
    public bool IsDefault => Mode is DefaultMode && User.Length == 0 && Group.Length == 0;
}
