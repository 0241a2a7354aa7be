using System;
using System.Runtime.CompilerServices;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>
/// The stickiness cookie in a response of one server: which Set-Cookie fields are changed or removed, and whether one is added. The
/// default value does nothing. Pure.
/// </summary>
internal readonly ref struct StickyResponse
{
    private readonly StickyCookie? _cookie;
    private readonly ServerCookie? _server;
    private readonly bool _inserts;
    private readonly CookieDates _dates;

    /// <param name="cookie">The group's cookie, or null.</param>
    /// <param name="server">What it says for the server that answers.</param>
    /// <param name="presented">What it says for the server that the client's valid cookie named, or null.</param>
    /// <param name="presentedDates">What that cookie said of its age.</param>
    /// <param name="nowSeconds">Seconds since 1970-01-01 UTC.</param>
    public StickyResponse(
        StickyCookie? cookie, ServerCookie? server, ServerCookie? presented, CookieDates presentedDates = default, long nowSeconds = 0)
    {
        // A server that had none before a reload says nothing.
        _cookie = server is null ? null : cookie;
        _server = server;
        if (_cookie is not { Mode: CookieMode.Insert })
            return;
        bool isKept = presented is not null && presented.Value.SequenceEqual(server!.Value);
        _inserts = !isKept || _cookie.Renews(presentedDates, nowSeconds);
        _dates = new CookieDates(nowSeconds, isKept && presentedDates.FirstSeconds > 0 ? presentedDates.FirstSeconds : nowSeconds);
    }

    /// <summary>Adds the cookie to a final response, if it gets one.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="bytes">The head of the response.</param>
    /// <param name="fields">Its fields.</param>
    public void WriteInserted<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, HeaderTable fields)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (_inserts && !(_cookie!.Preserves && SetsOurs(bytes, fields)))
            Insert(ref sink);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Insert<TSink>(ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct
    {
        sink.BeginField("Set-Cookie"u8);
        sink.AppendValue(_server!.InsertedPair);
        if (_cookie!.IsDated)
        {
            Span<byte> dates = stackalloc byte[CookieDates.TextBytes];
            _dates.Write(dates);
            sink.AppendValue(dates);
        }
        sink.AppendValue(_server.InsertedAttributes);
        sink.EndField();
        if (_server.IsPrivate)
            sink.AppendField("Cache-Control"u8, "private"u8);
    }

    /// <summary>Whether this field does not go to the client as it came.</summary>
    public bool Changes(ReadOnlySpan<byte> bytes, in HeaderField field) =>
        field.Known == KnownHeader.SetCookie && _cookie is { Mode: not CookieMode.Passive, Preserves: false } && IsOurs(bytes, field, out _);

    /// <summary>
    /// Writes a field that <see cref="Changes"/>: with the server's value in front of the application's, or in its place; not at all
    /// when the proxy sets the cookie itself.
    /// </summary>
    public void WriteField<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, in HeaderField field)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (_cookie!.Mode == CookieMode.Insert || !IsOurs(bytes, field, out ByteRange value))
            return;
        ReadOnlySpan<byte> fieldValue = field.Value.Of(bytes);
        sink.BeginField(field.Name.Of(bytes));
        sink.AppendValue(fieldValue[..value.Start]);
        sink.AppendValue(_server!.Value);
        if (_cookie.Mode == CookieMode.Prefix)
            sink.AppendValue([StickyCookie.PrefixDelimiter]);
        sink.AppendValue(fieldValue[(_cookie.Mode == CookieMode.Prefix ? value.Start : value.End)..]);
        sink.EndField();
    }

    /// <summary>
    /// The letter for the log, the fourth of HAProxy's termination state: N = the response sets none, I = the proxy inserted it, P = passed as the
    /// server set it, R = value changed, D = removed; 0 = no stickiness.
    /// </summary>
    public byte LetterOf(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        if (_cookie is null)
            return 0;
        if (_cookie.Preserves && SetsOurs(bytes, fields))
            return (byte)'P';
        if (_inserts)
            return (byte)'I';
        if (!SetsOurs(bytes, fields))
            return (byte)'N';
        return _cookie.Mode switch { CookieMode.Insert => (byte)'D', CookieMode.Passive => (byte)'P', _ => (byte)'R' };
    }

    private bool SetsOurs(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = fields.FirstIndexOf(KnownHeader.SetCookie); i >= 0; i = fields.NextIndexOf(KnownHeader.SetCookie, i))
        {
            if (!fields[i].IsHopByHop && IsOurs(bytes, fields[i], out _))
                return true;
        }
        return false;
    }

    private bool IsOurs(ReadOnlySpan<byte> bytes, in HeaderField field, out ByteRange value) =>
        SetCookieField.TryFind(field.Value.Of(bytes), _cookie!.Name, out value);
}
