using System;
using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// The paths of a route: whole ones, beginnings that end where a segment does, and regular expressions; of each kind that there is one must hold.
/// Immutable; thread: the loop.
/// </summary>
internal sealed class PathTest
{
    private readonly byte[][] _paths;

    /// <summary>Without a slash at the end; the root is empty.</summary>
    private readonly byte[][] _prefixes;
    private readonly Regex[] _regexes;
    private readonly bool _ignoresCase;

    public PathTest(in RouteSettings settings)
    {
        _ignoresCase = settings.IgnoreCase;
        _paths = BytesOf(settings.Paths);
        _prefixes = Array.ConvertAll(BytesOf(settings.PathPrefixes), static prefix => prefix.AsSpan().TrimEnd((byte)'/').ToArray());
        _regexes = new Regex[settings.PathRegexes.Length];
        for (int i = 0; i < _regexes.Length; i++)
            _regexes[i] = RegexText.Make(settings.PathRegexes[i], _ignoresCase);
    }

    /// <summary>False when any path will do.</summary>
    public bool Exists => _paths.Length + _prefixes.Length + _regexes.Length > 0;

    /// <summary>
    /// Texts of which a path that holds is one, or has one as a beginning that ends where a segment does; empty when no texts tell that.
    /// </summary>
    public ReadOnlySpan<byte[]> Texts => _ignoresCase ? [] : _paths.Length > 0 && !HasDeep(_paths) ? _paths : HasDeep(_prefixes) ? [] : _prefixes;

    public bool Holds(ReadOnlySpan<byte> path, MatchRoom room) => IsOne(path) && HasPrefix(path) && IsFound(path, room);

    /// <summary>Keeps what the first of the expressions that is in the path has found.</summary>
    public void Capture(ReadOnlySpan<byte> path, PathCaptures captures)
    {
        foreach (Regex regex in _regexes)
        {
            if (captures.TryFind(regex, path))
                return;
        }
    }

    private bool IsOne(ReadOnlySpan<byte> path)
    {
        foreach (byte[] one in _paths)
        {
            if (AreEqual(path, one))
                return true;
        }
        return _paths.Length == 0;
    }

    private bool HasPrefix(ReadOnlySpan<byte> path)
    {
        foreach (byte[] prefix in _prefixes)
        {
            if (path.Length >= prefix.Length && (path.Length == prefix.Length || path[prefix.Length] == '/') && !path.IsEmpty
                && AreEqual(path[..prefix.Length], prefix))
            {
                return true;
            }
        }
        return _prefixes.Length == 0;
    }

    private bool IsFound(ReadOnlySpan<byte> path, MatchRoom room)
    {
        if (_regexes.Length == 0 || path.IsEmpty)
            return _regexes.Length == 0;
        ReadOnlySpan<char> chars = room.CharsOf(path);
        foreach (Regex regex in _regexes)
        {
            if (regex.IsMatch(chars))
                return true;
        }
        return false;
    }

    private static bool HasDeep(byte[][] texts) => Array.Exists(texts, static text => text.AsSpan().Count((byte)'/') > PathIndex.SegmentsMax);

    private bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        _ignoresCase ? AsciiBytes.EqualsIgnoreCase(left, right) : left.SequenceEqual(right);

    /// <summary>In the normal form that paths are compared in.</summary>
    private static byte[][] BytesOf(ImmutableArray<string> texts)
    {
        var all = new byte[texts.Length][];
        for (int i = 0; i < all.Length; i++)
        {
            byte[] text = Encoding.UTF8.GetBytes(texts[i]);
            byte[] room = new byte[text.Length + 1];
            all[i] = text.Length > 0 && PathText.TryNormalize(text, room, out int bytes) ? room[..bytes] : text;
        }
        return all;
    }
}
