using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Credentials;

/// <summary>Users and the hashes of their passwords. Immutable; any thread.</summary>
internal sealed class UserTable
{
    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly string _standIn = "";
    private readonly byte[] _sum;

    /// <param name="users">Names and hashes; of one that comes twice the first counts.</param>
    public UserTable(IEnumerable<NamedText> users)
    {
        var text = new StringBuilder();
        foreach (NamedText user in users)
        {
            if (!_hashes.TryAdd(user.Name, user.Text))
                continue;
            text.Append(user.Name).Append(':').Append(user.Text).Append('\n');
            _standIn = user.Text;
        }
        _sum = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>True when nobody is in it, so that nobody may ask.</summary>
    public bool IsEmpty => _hashes.Count == 0;

    /// <summary>The same for tables with the same users, also after a reload; another one when a hash has changed.</summary>
    public ReadOnlySpan<byte> Sum => _sum;

    /// <summary>
    /// The hash that the password is to be compared with. For a name that nobody has that of another one, so that the answer takes as long.
    /// </summary>
    /// <param name="name">As the client says it.</param>
    /// <param name="isKnown">Whether the name is in the table.</param>
    public string HashOf(ReadOnlySpan<byte> name, out bool isKnown)
    {
        isKnown = _hashes.TryGetValue(Encoding.UTF8.GetString(name), out string? hash);
        return hash ?? _standIn;
    }
}
