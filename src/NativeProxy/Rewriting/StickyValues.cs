using System;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>
/// Goes through what a request's cookies say about its server, in the order in which they came. Fields that Connection names are not looked at,
/// for they end here. Pure.
/// </summary>
internal ref struct StickyValues
{
    /// <summary>Values of one request that are shown at most: browsers send one per path, more are a way to keep the proxy busy.</summary>
    private const int CountMax = 16;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly HeaderTable _fields;
    private readonly StickyCookie _cookie;
    private CookieScanner _cookies;
    private ReadOnlySpan<byte> _field;
    private int _nextIndex;
    private int _count;

    /// <param name="bytes">The span that the ranges of the fields count from.</param>
    /// <param name="fields">Those of the request.</param>
    /// <param name="cookie">Which cookie is meant.</param>
    public StickyValues(ReadOnlySpan<byte> bytes, HeaderTable fields, StickyCookie cookie)
    {
        _bytes = bytes;
        _fields = fields;
        _cookie = cookie;
        _nextIndex = fields.FirstIndexOf(KnownHeader.Cookie);
    }

    /// <summary>What of the present cookie's value names a server; empty when nothing does.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>When the present cookie was set, where cookies say so.</summary>
    public CookieDates Dates { get; private set; }

    /// <summary>Goes to the next cookie of the name; false behind the last one.</summary>
    public bool MoveNext()
    {
        while (_count < CountMax)
        {
            while (_cookies.MoveNext())
            {
                if (!_cookies.TryRead(_cookie.Name, out ByteRange value))
                    continue;
                Current = ServerValue(value);
                _count++;
                return true;
            }
            if (_nextIndex < 0)
                return false;
            GoToField(_nextIndex);
        }
        return false;
    }

    private void GoToField(int index)
    {
        _field = _fields[index].IsHopByHop ? default : _fields[index].Value.Of(_bytes);
        _cookies = new CookieScanner(_field);
        _nextIndex = _fields.NextIndexOf(KnownHeader.Cookie, index);
    }

    private ReadOnlySpan<byte> ServerValue(ByteRange value)
    {
        Dates = default;
        if (_cookie.IsDated)
        {
            Dates = CookieDates.Of(CookieField.Unquoted(_field, value).Of(_field), out ReadOnlySpan<byte> server);
            return server;
        }
        if (_cookie.Mode != CookieMode.Prefix)
            return CookieField.Unquoted(_field, value).Of(_field);
        return CookieField.TryReadPrefix(_field, value, StickyCookie.PrefixDelimiter, out ByteRange prefix) ? prefix.Of(_field) : default;
    }
}
