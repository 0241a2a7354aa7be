using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Credentials;

/// <summary>
/// Who may ask by a route, and what the server gets to know of that. Made at load, used on the loop; nothing of it changes but the users of its file.
/// </summary>
internal sealed class LoginRule
{
    private readonly byte[] _userField;
    private readonly bool _forwards;
    private readonly NamedText[] _given;

    /// <summary>Reads the file of users, if there is one; what cannot be read of it lets nobody in.</summary>
    public LoginRule(in BasicAuthSettings settings)
    {
        _given = settings.Users.IsDefault ? [] : [.. settings.Users];
        FilePath = settings.UsersFile ?? "";
        FileSeen = FilePath.Length == 0 ? default : FileVersion.Of(FilePath);
        Users = TableWith(FilePath.Length == 0 ? [] : UsersFile.Read(FilePath, problems: []));
        Challenge = Encoding.ASCII.GetBytes($"WWW-Authenticate: Basic realm=\"{settings.Realm}\", charset=\"UTF-8\"\r\n");
        _userField = Encoding.ASCII.GetBytes(settings.UserHeader);
        _forwards = settings.Forward;
    }

    public UserTable Users { get; private set; }

    /// <summary>Of the file with more users; empty for none.</summary>
    public string FilePath { get; }

    /// <summary>The file as it was read here.</summary>
    public FileVersion FileSeen { get; }

    /// <summary>The field of a 401, as a line.</summary>
    public byte[] Challenge { get; }

    /// <summary>The field that tells the server who asks; empty for none.</summary>
    public ReadOnlySpan<byte> UserField => _userField;

    /// <summary>Any thread: those whom the settings name, and these of the file.</summary>
    public UserTable TableWith(IEnumerable<NamedText> ofFile) => new([.. _given, .. ofFile]);

    /// <summary>The file has other users now: <see cref="TableWith"/>. A login that was right by the ones before is computed again.</summary>
    public void Take(UserTable users) => Users = users;

    /// <summary>Drops what must not reach the server: the password, and what the client itself says of a user.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    public void DropFrom(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            bool isSecret = !_forwards && fields[i].Known == KnownHeader.Authorization;
            if (isSecret || (_userField.Length > 0 && CgiName.AreAlike(fields[i].Name.Of(bytes), _userField)))
                fields.Drop(i);
        }
    }
}
