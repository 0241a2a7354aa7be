using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>Where a <see cref="NamedTest"/> looks.</summary>
internal enum ValuePlace : byte
{
    Header,
    Query,
    Cookie,
}

/// <summary>
/// A condition on a header field, a parameter of the query or a cookie. Every occurrence is looked at: it holds when any does, absence when there is
/// none, so that a second one hides nothing. Immutable; thread: the loop.
/// </summary>
internal sealed class NamedTest
{
    private readonly ValuePlace _place;
    private readonly byte[] _name;
    private readonly ValueTest _test;

    public NamedTest(ValuePlace place, in MatchSettings settings)
    {
        _place = place;
        _name = Encoding.UTF8.GetBytes(settings.Name);
        _test = new ValueTest(settings);
    }

    public bool Holds(in RequestView request)
    {
        bool isThere = _place switch
        {
            ValuePlace.Header => InHeader(request),
            ValuePlace.Query => InQuery(request),
            _ => InCookies(request),
        };
        return isThere != _test.WantsAbsence;
    }

    private bool InHeader(in RequestView request)
    {
        HeaderTable fields = request.Head.Fields;
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (AsciiBytes.EqualsIgnoreCase(field.Name.Of(request.Bytes), _name) && _test.Holds(field.Value.Of(request.Bytes), request.Room))
                return true;
        }
        return false;
    }

    private bool InQuery(in RequestView request)
    {
        var parameters = new QueryScanner(request.Query);
        while (parameters.MoveNext())
        {
            if (HoldsDecoded(parameters, request.Room, plusIsBlank: false) || (parameters.HasPlus
                && HoldsDecoded(parameters, request.Room, plusIsBlank: true)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>A '+' is one to some servers, a blank to those that read forms.</summary>
    private bool HoldsDecoded(in QueryScanner parameter, MatchRoom room, bool plusIsBlank)
    {
        Span<byte> text = room.Value;
        return text[..PercentText.Decode(parameter.Name, text, plusIsBlank)].SequenceEqual(_name)
            && _test.Holds(text[..PercentText.Decode(parameter.Value, text, plusIsBlank)], room);
    }

    private bool InCookies(in RequestView request)
    {
        HeaderTable fields = request.Head.Fields;
        for (int i = fields.FirstIndexOf(KnownHeader.Cookie); i >= 0; i = fields.NextIndexOf(KnownHeader.Cookie, i))
        {
            ReadOnlySpan<byte> field = fields[i].Value.Of(request.Bytes);
            var cookies = new CookieScanner(field);
            while (cookies.MoveNext())
            {
                if (cookies.TryRead(_name, out ByteRange value) && _test.Holds(value.Of(field), request.Room))
                    return true;
            }
        }
        return false;
    }
}
