using System;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `basic_auth` of routes and policies; what is in a file of users is looked at by whoever starts or reloads. Appends every breach to
/// the errors. Lives for one load.
/// </summary>
internal sealed class BasicAuthRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>Fields that say something else to a server, or frame the message.</summary>
    private static readonly string[] TakenNames =
    [
        "authorization", "connection", "content-length", "cookie", "expect", "forwarded", "host", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    ];

    /// <summary>Checks one table.</summary>
    /// <param name="auth">The table.</param>
    /// <param name="requests">The rules on header fields beside it, which must not say who asks.</param>
    /// <param name="path">Of the table.</param>
    public void Check(BasicAuthSettings auth, in HeaderRuleSettings requests, string path)
    {
        if (!places.IsSet(path))
            return;
        if (auth.IsEmpty && !IsWrittenOut(path))
            Break(path, "there is no user, so that nobody could ask", "users = { NAME = \"$2y$...\" }, or users_file");
        foreach (NamedText user in auth.Users)
        {
            TextPosition place = places.OfEntry($"{path}.users", user.Name);
            if (errors.HasErrorAt(place))
                continue;
            if (UsersFile.ProblemOfName(user.Name) is { } problem)
                errors.Add(place, problem, "a name without colons");
            else if (!PasswordHashText.IsValid(user.Text, out string ofHash))
                errors.Add(place, $"the hash of {ErrorExcerpt.Quoted(user.Name)} {ofHash}", PasswordHashText.Expected);
        }
        if (auth.Realm.AsSpan().ContainsAnyExceptInRange(' ', '~') || auth.Realm.AsSpan().ContainsAny('"', '\\') || auth.Realm.Length > 200)
            Break($"{path}.realm", $"{ErrorExcerpt.Quoted(auth.Realm)} cannot be a realm", "visible ASCII characters and blanks, without \" and \\");
        if (auth.UserHeader.Length == 0)
            return;
        if (!TokenText.IsToken(auth.UserHeader))
            Break($"{path}.user_header", $"{ErrorExcerpt.Quoted(auth.UserHeader)} is no name of a header field", "a name such as \"X-User\"");
        else if (TakenNames.Contains(auth.UserHeader.ToLowerInvariant()))
            Break($"{path}.user_header", $"{ErrorExcerpt.Quoted(auth.UserHeader)} says something else to servers", "a name such as \"X-User\"");
        else if (requests.Set.Concat(requests.Add).Concat(requests.Default).Any(one => IsSame(one.Name, auth.UserHeader)))
            Break($"{path}.user_header", $"{ErrorExcerpt.Quoted(auth.UserHeader)} is written by request_headers, too", "another name");
    }

    private static bool IsSame(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    /// <summary>The reference, uncommented, says every default; whoever leaves a key out means something by the others.</summary>
    private bool IsWrittenOut(string path) =>
        ((string[])["realm", "users", "users_file", "user_header", "forward"]).All(key => places.IsSet($"{path}.{key}"));

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
