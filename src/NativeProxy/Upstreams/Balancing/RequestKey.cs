using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// A part of requests as a number, by which servers are chosen: what says the same has the same number in every process and after every start.
/// Reads each byte of the part once, whatever a client sends, and the first of several fields, cookies or parameters of the name. Immutable; thread:
/// the loop.
/// </summary>
internal sealed class RequestKey
{
    /// <summary>The request does not have the part.</summary>
    public const ulong None = 0;

    private readonly RequestKeyKind _kind;
    private readonly byte[] _name;

    /// <param name="text">As in settings that were checked: "client_ip", "header:X-User".</param>
    public RequestKey(string text)
    {
        RequestKeyText.TryParse(text, out _kind, out string name);
        _name = Encoding.UTF8.GetBytes(name);
    }

    /// <summary>The number of this request, or <see cref="None"/>.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it, the target that is sent included.</param>
    /// <param name="client">Who asks.</param>
    public ulong Of(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client) => _kind switch
    {
        RequestKeyKind.ClientIp => OfClient(client),
        RequestKeyKind.Uri => OfTarget(TargetOf(bytes, head)),
        RequestKeyKind.Path => OfPath(TargetOf(bytes, head)),
        RequestKeyKind.Host => OfHost(HostText.Of(bytes, head)),
        RequestKeyKind.Header => OfHeader(bytes, head.Fields),
        RequestKeyKind.Cookie => OfCookie(bytes, head.Fields),
        _ => OfQuery(TargetOf(bytes, head)),
    };

    /// <summary>The number of a client: its address without the port.</summary>
    public static ulong OfClient(in PeerAddress client)
    {
        Span<byte> bytes = stackalloc byte[16];
        return Given(StableHash.Of(bytes[..client.WriteBytes(bytes)]));
    }

    /// <summary>The number of a cookie's value, quoted or not.</summary>
    /// <param name="field">Value of a Cookie or Set-Cookie field.</param>
    /// <param name="value">Where in it.</param>
    public static ulong OfCookieValue(ReadOnlySpan<byte> field, ByteRange value) =>
        Given(StableHash.Of(CookieField.Unquoted(field, value).Of(field)));

    private ulong OfHeader(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (field.Name.Length == _name.Length && AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), _name))
                return Given(StableHash.Of(field.Value.Of(bytes)));
        }
        return None;
    }

    private ulong OfCookie(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = fields.FirstIndexOf(KnownHeader.Cookie); i >= 0; i = fields.NextIndexOf(KnownHeader.Cookie, i))
        {
            ReadOnlySpan<byte> field = fields[i].Value.Of(bytes);
            var cookies = new CookieScanner(field);
            while (cookies.MoveNext())
            {
                if (cookies.TryRead(_name, out ByteRange value))
                    return OfCookieValue(field, value);
            }
        }
        return None;
    }

    /// <summary>Name and value are percent-decoded, so that two spellings of one value are one.</summary>
    private ulong OfQuery(ReadOnlySpan<byte> target)
    {
        int pathBytes = PathText.PathBytes(target);
        var parameters = new QueryScanner(pathBytes < target.Length ? target[(pathBytes + 1)..] : default);
        while (parameters.MoveNext())
        {
            if (IsName(parameters.Name))
                return OfDecoded(parameters.Value);
        }
        return None;
    }

    private bool IsName(ReadOnlySpan<byte> text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (count == _name.Length || NextDecoded(text, ref i) != _name[count++])
                return false;
        }
        return count == _name.Length;
    }

    private static ulong OfDecoded(ReadOnlySpan<byte> text)
    {
        ulong hash = StableHash.Begin;
        for (int i = 0; i < text.Length; i++)
            hash = StableHash.Add(hash, NextDecoded(text, ref i));
        return Given(hash);
    }

    /// <summary>The byte at a place, or the one that the triplet there stands for; then the place is the triplet's last.</summary>
    private static byte NextDecoded(ReadOnlySpan<byte> text, ref int index)
    {
        if (!PercentText.TryRead(text, index, out byte value))
            return text[index];
        index += 2;
        return value;
    }

    /// <summary>Path and query as a server is asked for them; empty for the other forms of a target.</summary>
    private static ReadOnlySpan<byte> TargetOf(ReadOnlySpan<byte> bytes, RequestHead head) =>
        head.SentTarget.IsEmpty ? head.PathAndQuery.Of(bytes) : head.SentTarget;

    /// <summary>An absolute target may come without its first '/', which is sent all the same.</summary>
    private static ulong OfTarget(ReadOnlySpan<byte> target)
    {
        ulong hash = target.IsEmpty || target[0] != '/' ? StableHash.Add(StableHash.Begin, (byte)'/') : StableHash.Begin;
        foreach (byte value in target)
            hash = StableHash.Add(hash, value);
        return Given(hash);
    }

    private static ulong OfPath(ReadOnlySpan<byte> target) => OfTarget(target[..PathText.PathBytes(target)]);

    private static ulong OfHost(ReadOnlySpan<byte> host) => host.IsEmpty ? None : Given(HostText.HashOf(host));

    private static ulong Given(ulong hash) => hash == None ? 1 : hash;
}
