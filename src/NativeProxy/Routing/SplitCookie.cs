using System;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Routing;

/// <summary>
/// The cookie by which a client stays on its way of a split: its value is the name of the way's upstream, so that whoever wants another way may say
/// so. Immutable; thread: the loop.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="ways">Names of the upstreams.</param>
internal sealed class SplitCookie(string name, string[] ways)
{
    /// <summary>So long does a client stay that comes back.</summary>
    private const int MaxAgeSeconds = 30 * 24 * 60 * 60;

    private readonly byte[] _name = Encoding.ASCII.GetBytes(name);
    private readonly byte[][] _values = Array.ConvertAll(ways, Encoding.ASCII.GetBytes);

    /// <summary>Which way a request names, the first if several; negative when it names none.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    public int WayOf(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = fields.FirstIndexOf(KnownHeader.Cookie); i >= 0; i = fields.NextIndexOf(KnownHeader.Cookie, i))
        {
            ReadOnlySpan<byte> field = fields[i].Value.Of(bytes);
            var cookies = new CookieScanner(field);
            while (cookies.MoveNext())
            {
                if (cookies.TryRead(_name, out ByteRange value) && WayNamed(CookieField.Unquoted(field, value).Of(field)) is >= 0 and var way)
                    return way;
            }
        }
        return -1;
    }

    /// <summary>
    /// Fields for the answer to a client that is to stay on a way, as lines. No cache in front may give one client's way to others.
    /// </summary>
    public byte[] LinesFor(int way) => Encoding.ASCII.GetBytes(
        $"Set-Cookie: {name}={ways[way]}; Path=/; Max-Age={MaxAgeSeconds}; HttpOnly; SameSite=Lax\r\nCache-Control: private\r\n");

    private int WayNamed(ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _values.Length; i++)
        {
            if (value.SequenceEqual(_values[i]))
                return i;
        }
        return -1;
    }
}
