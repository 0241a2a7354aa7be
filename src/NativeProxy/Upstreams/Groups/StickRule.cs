using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// Keeps requests that say the same with one server, by a table that all workers share: `[upstream.stick]`. Owner: an <see cref="UpstreamGroup"/>;
/// thread: the loop. Immutable but for the table. Never chooses a server where the table has none.
/// </summary>
internal sealed class StickRule
{
    private readonly RequestKey _key;
    private readonly StickTable _table;
    private readonly long _expireSeconds;

    /// <summary>Name of the cookie that servers set, or null where requests say all.</summary>
    private readonly byte[]? _learned;

    private StickRule(in UpstreamStickSettings settings, StickTable table)
    {
        _table = table;
        _expireSeconds = (settings.ExpireMs + 999) / 1000;
        _learned = settings.LearnCookie.Length > 0 ? Encoding.ASCII.GetBytes(settings.LearnCookie) : null;
        _key = new RequestKey(_learned is null ? settings.Key : "cookie:" + settings.LearnCookie);
    }

    /// <summary>The rule of these settings; null when there is none, or no table for it.</summary>
    public static StickRule? Of(in UpstreamStickSettings settings, StickTable? table) =>
        settings.IsOn && table is not null ? new StickRule(settings, table) : null;

    /// <summary>What the table says of a request.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="servers">Those of the group.</param>
    /// <param name="nowMs">Loop time.</param>
    public StickMark MarkOf(
        ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, IReadOnlyList<UpstreamServer> servers, long nowMs)
    {
        ulong key = _key.Of(bytes, head, client);
        if (key == RequestKey.None)
            return default;
        int place = _table.Find(key, nowMs / 1000, _expireSeconds);
        UpstreamServer? found = null;
        for (int i = 0; place >= 0 && i < servers.Count; i++)
        {
            if (servers[i].Standing.Place == place && servers[i].Standing.IsUsable)
                found = servers[i];
        }
        return new StickMark(key, found, IsKnown: place >= 0);
    }

    /// <summary>A server answers: the key goes to it from now on, and what it sets as its cookie does, too.</summary>
    /// <param name="mark">What the table said of the request.</param>
    /// <param name="bytes">Head of the response.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="server">The server.</param>
    /// <param name="nowMs">Loop time.</param>
    public void Answered(StickMark mark, ReadOnlySpan<byte> bytes, HeaderTable fields, UpstreamServer server, long nowMs)
    {
        int place = server.Standing.Place;
        if (place < 0)
            return;

        // A session that a server began is known from its cookie; one that nobody has heard of is none.
        if (mark.Key != RequestKey.None && mark.Found != server && (_learned is null || mark.IsKnown))
            _table.Keep(mark.Key, place, nowMs / 1000);
        if (_learned is not null && KeySetBy(bytes, fields) is var key and not RequestKey.None)
            _table.Keep(key, place, nowMs / 1000);
    }

    private ulong KeySetBy(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        ulong key = RequestKey.None;
        for (int i = fields.FirstIndexOf(KnownHeader.SetCookie); i >= 0; i = fields.NextIndexOf(KnownHeader.SetCookie, i))
        {
            ReadOnlySpan<byte> field = fields[i].Value.Of(bytes);
            if (SetCookieField.TryFind(field, _learned, out ByteRange value) && !value.IsEmpty)
                key = RequestKey.OfCookieValue(field, value);
        }
        return key;
    }
}

/// <summary>What the stick table said of one request. All zero when there is none.</summary>
/// <param name="Key">By what the request is kept.</param>
/// <param name="Found">The server that it goes to, or null.</param>
/// <param name="IsKnown">The table had an entry, though perhaps of a server that is down or gone.</param>
internal readonly record struct StickMark(ulong Key, UpstreamServer? Found, bool IsKnown);
