using System;
using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Routing;

/// <summary>
/// What a route makes of the path that is sent, in this order: takes a prefix off, puts one in front, replaces it, rewrites it by a regular
/// expression. Each changes its part; other bytes keep their encoding, and the query stays. Owner: a <see cref="Route"/>; thread: the loop, on which
/// one request is worked on at a time.
/// </summary>
internal sealed class PathRewrite
{
    private readonly byte[] _strip;
    private readonly byte[] _add;
    private readonly RequestTemplate? _replacement;
    private readonly Regex? _regex;
    private readonly RequestTemplate? _to;
    private readonly bool _ignoresCase;
    private readonly PathRewriteRoom _room;

    private PathRewrite(in RouteSettings route, string listener, string name, PathRewriteRoom room)
    {
        _strip = Encoding.ASCII.GetBytes(route.StripPrefix.TrimEnd('/'));
        _add = Encoding.ASCII.GetBytes(route.AddPrefix.TrimEnd('/'));
        _ignoresCase = route.IgnoreCase;
        _room = room;
        if (route.ReplacePath.Length > 0)
            _replacement = TemplateOf(route.ReplacePath, listener, name);
        if (route.Rewrite.Regex.Length == 0)
            return;
        _regex = RegexText.Make(route.Rewrite.Regex, route.IgnoreCase);
        _to = TemplateOf(route.Rewrite.To, listener, name);
    }

    /// <summary>What is taken off, without a slash at its end; empty when nothing is.</summary>
    public ReadOnlySpan<byte> Stripped => _strip;

    /// <summary>The rewriting of a route; null when it sends paths as they are.</summary>
    /// <param name="route">The route.</param>
    /// <param name="listener">Name of the listener.</param>
    /// <param name="name">Name of the route.</param>
    /// <param name="room">Where paths are made.</param>
    public static PathRewrite? Of(in RouteSettings route, string listener, string name, PathRewriteRoom room) =>
        route.Rewrites ? new PathRewrite(route, listener, name, room) : null;

    /// <summary>Says in the head which target is sent. None, or why the request is refused.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it, with the target that routing has made.</param>
    /// <param name="client">Who asks.</param>
    public RejectReason Apply(ReadOnlySpan<byte> bytes, RequestHead head, PeerAddress client)
    {
        if (head.Form is not (TargetForm.Origin or TargetForm.Absolute))
            return RejectReason.None;
        ReadOnlySpan<byte> target = head.SentTarget.IsEmpty ? head.PathAndQuery.Of(bytes) : head.SentTarget;
        int pathBytes = PathText.PathBytes(target);

        // An absolute target may come without a path.
        ReadOnlySpan<byte> path = pathBytes == 0 ? "/"u8 : target[..pathBytes];
        var writer = new HeadWriter(_room.One);
        writer.Append(WithoutPrefix(path, head));
        if (_add.Length > 0)
            writer = Prefixed(writer.Written);
        bool isTooLong = writer.Overflowed;
        bool isMade = _replacement is not null;
        if (_replacement is not null)
            writer = Made(_replacement, bytes, head, client, writer.Written);
        isTooLong |= writer.Overflowed;
        if (_regex is not null && _room.Captures.TryFind(_regex, writer.Written))
        {
            isMade = true;
            PathCaptures? ofRoute = head.Captures;
            head.Captures = _room.Captures;
            writer = Made(_to!, bytes, head, client, writer.Written);
            head.Captures = ofRoute;
        }
        ReadOnlySpan<byte> made = writer.Written;
        if (isTooLong || writer.Overflowed || (isMade && PathText.HasDotSegment(made)))
            return RejectReason.BadTarget;

        // "//name" would be another host to who takes the target for a reference, and "/\name" to some of them.
        Send(head, made.TrimStart("/\\"u8), target[pathBytes..]);
        return RejectReason.None;
    }

    private ReadOnlySpan<byte> WithoutPrefix(ReadOnlySpan<byte> path, RequestHead head)
    {
        bool begins = _strip.Length > 0 && path.Length >= _strip.Length && (path.Length == _strip.Length || path[_strip.Length] == '/')
            && (_ignoresCase ? AsciiBytes.EqualsIgnoreCase(path[.._strip.Length], _strip) : path.StartsWith(_strip));
        if (!begins)
            return path;
        head.HasStrippedPrefix = true;
        return path.Length == _strip.Length ? "/"u8 : path[_strip.Length..];
    }

    private HeadWriter Prefixed(ReadOnlySpan<byte> path)
    {
        var writer = new HeadWriter(_room.Other(path));
        writer.Append(_add);
        writer.Append(path);
        return writer;
    }

    private HeadWriter Made(
        RequestTemplate template, ReadOnlySpan<byte> bytes, RequestHead head, PeerAddress client, ReadOnlySpan<byte> path)
    {
        var writer = new HeadWriter(_room.Other(path));
        template.WritePath(ref writer, bytes, head, client, path);
        return writer;
    }

    /// <param name="head">Where it is said.</param>
    /// <param name="path">What stands behind the first slash.</param>
    /// <param name="query">Stays as it came.</param>
    private static void Send(RequestHead head, ReadOnlySpan<byte> path, ReadOnlySpan<byte> query)
    {
        // The query may lie in what is written over: it goes first.
        Span<byte> target = head.RoomForSentTarget(1 + path.Length + query.Length);
        query.CopyTo(target[(1 + path.Length)..]);
        path.CopyTo(target[1..]);
        target[0] = (byte)'/';
    }

    private static RequestTemplate TemplateOf(string text, string listener, string name)
    {
        TemplateText.TryParse(text, out ImmutableArray<TemplatePart> parts, out _);
        return new RequestTemplate(parts, listener, name);
    }
}
