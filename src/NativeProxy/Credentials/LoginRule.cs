using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Credentials;

/// <summary>Who may ask by a route, and what the server gets to know of that. Immutable; made at load, used on the loop.</summary>
internal sealed class LoginRule
{
    private readonly byte[] _userField;
    private readonly bool _forwards;

    /// <summary>Reads the file of users, if there is one; what cannot be read of it lets nobody in.</summary>
    public LoginRule(in BasicAuthSettings settings)
    {
        var users = new List<NamedText>();
        if (!settings.Users.IsDefault)
            users.AddRange(settings.Users);
        if (!string.IsNullOrEmpty(settings.UsersFile))
            users.AddRange(UsersFile.Read(settings.UsersFile, problems: []));
        Users = new UserTable(users);
        Challenge = Encoding.ASCII.GetBytes($"WWW-Authenticate: Basic realm=\"{settings.Realm}\", charset=\"UTF-8\"\r\n");
        _userField = Encoding.ASCII.GetBytes(settings.UserHeader);
        _forwards = settings.Forward;
    }

    public UserTable Users { get; }

    /// <summary>The field of a 401, as a line.</summary>
    public byte[] Challenge { get; }

    /// <summary>The field that tells the server who asks; empty for none.</summary>
    public ReadOnlySpan<byte> UserField => _userField;

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
