using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`basic_auth` of a route or a policy: who may ask, by name and password (RFC 7617). The innermost table counts as a whole.</summary>
[SettingsTable(Doc = "Who may ask, by name and password (RFC 7617); others get 401. The table of a route counts as a whole, else that of its last "
    + "policy that has one.")]
internal readonly partial struct BasicAuthSettings
{
    [Setting("realm", Default = "restricted", Doc = "What browsers show beside the question for the password.")]
    public partial string Realm { get; init; }

    [Setting("users", Doc = "Users with the hashes of their passwords, as crypt(3) and htpasswd write them: $2y$ (bcrypt), $5$, $6$ (SHA), $apr1$.")]
    public partial ImmutableArray<NamedText> Users { get; init; }

    [Setting("users_file", Default = "", Doc = "Path of a file with more users, a line NAME:HASH for each (htpasswd). Read at start, at reload and "
        + "when it has changed. Empty = none.")]
    public partial string UsersFile { get; init; }

    [Setting("user_header", Default = "", Pattern = "^$|" + TokenText.Pattern,
        Doc = "Field that tells the server the user's name, such as \"X-User\"; what a client says in it is removed. Empty = none.")]
    public partial string UserHeader { get; init; }

    [Setting("forward", Default = false, Doc = "Whether the server gets Authorization, too.")]
    public partial bool Forward { get; init; }

    /// <summary>Everybody may ask.</summary>
    public bool IsEmpty => Users.IsDefaultOrEmpty && string.IsNullOrEmpty(UsersFile);
}
