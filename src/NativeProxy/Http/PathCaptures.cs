using System;
using System.Text;
using System.Text.RegularExpressions;

namespace NativeProxy.Http;

/// <summary>
/// What the groups of a regular expression have found in a path, until the next one is read. Owner: the routes of one listener; thread: the loop. The
/// library that finds them makes objects, a few hundred bytes for each request of a route that asks for groups, and of no other.
/// </summary>
/// <param name="pathBytesMax">Longest path.</param>
internal sealed class PathCaptures(int pathBytesMax)
{
    /// <summary>Groups that can be named: 1 to 9.</summary>
    public const int GroupsMax = 9;

    private readonly byte[] _path = new byte[pathBytesMax];
    private readonly ByteRange[] _groups = new ByteRange[GroupsMax + 1];

    /// <summary>Looks for the expression in a path. False, with all groups empty, when it is not there.</summary>
    public bool TryFind(Regex regex, ReadOnlySpan<byte> path)
    {
        Array.Clear(_groups);
        if (path.Length > _path.Length || regex.Match(Encoding.Latin1.GetString(path)) is not { Success: true } match)
            return false;
        path.CopyTo(_path);
        for (int i = 0; i < _groups.Length && i < match.Groups.Count; i++)
            _groups[i] = match.Groups[i].Success ? new ByteRange(match.Groups[i].Index, match.Groups[i].Length) : default;
        return true;
    }

    /// <summary>What a group has found, from 1; empty when it has no part in the match.</summary>
    public ReadOnlySpan<byte> Group(int number) => _groups[number].Of(_path);
}
