using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Routing;

/// <summary>
/// What a route lets pages of other sites do (Fetch 3.2): which origins, and the fields that say so in the answer to a preflight request and in every
/// other one. An origin that is not listed is never repeated. Immutable; thread: the loop.
/// </summary>
internal sealed class CrossOrigin
{
    /// <summary>A longer one is a stranger's: a host name has at most 253 letters.</summary>
    private const int OriginBytesMax = 320;

    private static readonly byte[] FieldPrefix = "access-control-"u8.ToArray();

    /// <summary>Written out as browsers write them; a '*' stands for one or more labels.</summary>
    private readonly byte[][] _origins;
    private readonly bool _isForAll;

    /// <summary>Behind the origin, for those who are allowed.</summary>
    private readonly byte[] _granted;
    private readonly byte[] _grantedToAsk;
    private readonly bool _varies;

    public CrossOrigin(in CorsSettings settings)
    {
        _origins = Array.ConvertAll([.. settings.AllowOrigins], Encoding.ASCII.GetBytes);
        _isForAll = settings.AllowOrigins.Contains("*");
        string credentials = settings.Credentials ? "Access-Control-Allow-Credentials: true\r\n" : "";
        _granted = Encoding.ASCII.GetBytes(credentials + ListLine("Access-Control-Expose-Headers", settings.ExposeHeaders));
        _grantedToAsk = Encoding.ASCII.GetBytes(credentials
            + ListLine("Access-Control-Allow-Methods", settings.AllowMethods)
            + ListLine("Access-Control-Allow-Headers", settings.AllowHeaders)
            + string.Create(CultureInfo.InvariantCulture, $"Access-Control-Max-Age: {settings.MaxAgeMs / 1000}\r\n"));
        _varies = !_isForAll;
        LinesBytesMax = Math.Max(_granted.Length, _grantedToAsk.Length) + OriginBytesMax + 64;
    }

    /// <summary>The answer to a preflight request, which needs no server.</summary>
    public FixedAnswer Preflight { get; } = new(204);

    /// <summary>Room that <see cref="WriteLines"/> needs.</summary>
    public int LinesBytesMax { get; }

    /// <summary>True for a request by which a browser asks whether a page may send another one.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    public static bool IsPreflight(ReadOnlySpan<byte> bytes, RequestHead head) => head.MethodKind == HttpMethod.Options
        && CountOf(bytes, head.Fields, "origin"u8, out _) > 0 && CountOf(bytes, head.Fields, "access-control-request-method"u8, out _) > 0;

    /// <summary>Writes what the page is told, as lines; returns their length.</summary>
    /// <param name="room">At least <see cref="LinesBytesMax"/>.</param>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="isPreflight">Whether it is one.</param>
    public int WriteLines(Span<byte> room, ReadOnlySpan<byte> bytes, RequestHead head, bool isPreflight)
    {
        var writer = new HeadWriter(room);
        bool isOne = CountOf(bytes, head.Fields, "origin"u8, out ReadOnlySpan<byte> origin) == 1;
        if (_isForAll || (isOne && IsAllowed(origin)))
        {
            writer.AppendField("Access-Control-Allow-Origin"u8, _isForAll ? "*"u8 : origin);
            writer.AppendLines(isPreflight ? _grantedToAsk : _granted);
        }
        if (_varies)
            writer.AppendField("Vary"u8, "Origin"u8);
        return writer.WrittenBytes;
    }

    /// <summary>What a server says of other sites does not go on: two that speak of it allow nothing, or too much.</summary>
    public static void DropFrom(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ReadOnlySpan<byte> name = fields[i].Name.Of(bytes);
            if (name.Length > FieldPrefix.Length && AsciiBytes.EqualsIgnoreCase(name[..FieldPrefix.Length], FieldPrefix))
                fields.Drop(i);
        }
    }

    private bool IsAllowed(ReadOnlySpan<byte> origin)
    {
        if (origin.Length is 0 or > OriginBytesMax)
            return false;
        foreach (byte[] allowed in _origins)
        {
            if (Matches(origin, allowed))
                return true;
        }
        return false;
    }

    private static bool Matches(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> allowed)
    {
        int star = allowed.IndexOf((byte)'*');
        if (star < 0)
            return origin.SequenceEqual(allowed);
        ReadOnlySpan<byte> end = allowed[(star + 1)..];
        if (origin.Length <= allowed.Length - 1 || !origin.StartsWith(allowed[..star]) || !origin.EndsWith(end))
            return false;
        foreach (byte one in origin[star..^end.Length])
        {
            // What is no letter of a host name would end it: the rest would belong to a stranger's path, port or name.
            if (one is not (>= (byte)'a' and <= (byte)'z' or >= (byte)'0' and <= (byte)'9' or (byte)'-' or (byte)'_' or (byte)'.'))
                return false;
        }
        return origin[star] != '.';
    }

    private static int CountOf(ReadOnlySpan<byte> bytes, HeaderTable fields, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int count = 0;
        value = default;
        for (int i = 0; i < fields.Count; i++)
        {
            if (!AsciiBytes.EqualsIgnoreCase(fields[i].Name.Of(bytes), name))
                continue;
            value = fields[i].Value.Of(bytes);
            count++;
        }
        return count;
    }

    private static string ListLine(string name, ImmutableArray<string> values) =>
        values.IsDefaultOrEmpty ? "" : $"{name}: {string.Join(", ", values)}\r\n";
}
