using System;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Quotas;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Routing.Limiting;

/// <summary>
/// What of a request a limit tells apart, as a keyed hash: nobody who chooses values can choose where they collide. All lines of a field, all values
/// of a parameter and of a cookie count together, so that which of them a server reads does not matter; none at all is a value, too. Immutable;
/// thread: the loop.
/// </summary>
internal sealed class RateKey
{
    /// <summary>A longer value of a parameter is taken as it came: no server needs the same one in two spellings.</summary>
    private const int DecodedBytesMax = 512;

    private readonly ImmutableArray<RateKeyPart> _parts;
    private readonly byte[][] _names;
    private readonly KeyHash _hash;
    private readonly int _ipv6Prefix;

    /// <summary>
    /// Stands for the limit as it is defined, and for the worker where each counts for itself. Memory of a limit that is gone goes to another one:
    /// what an old request may still write into it is none of its keys.
    /// </summary>
    private readonly ulong _start;

    /// <param name="settings">Of the limit, checked.</param>
    /// <param name="hash">Of the board.</param>
    /// <param name="workerIndex">Which worker asks.</param>
    public RateKey(in RateLimitSettings settings, KeyHash hash, int workerIndex)
    {
        RateKeyText.TryParse(settings.Key, out _parts);
        _names = new byte[_parts.Length][];
        for (int i = 0; i < _names.Length; i++)
            _names[i] = Encoding.UTF8.GetBytes(_parts[i].Name);
        _hash = hash;
        _ipv6Prefix = settings.Ipv6Prefix;
        var start = new KeySum(hash, RateDefinition.Of(settings).Id);
        if (settings.Scope == RateScope.Worker)
            start.Add([(byte)workerIndex, (byte)(workerIndex >> 8)]);
        _start = start.Value;
    }

    /// <summary>The key of a request.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="route">Name of the route that it takes.</param>
    public ulong Of(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, ReadOnlySpan<byte> route)
    {
        var sum = new KeySum(_hash, _start);
        for (int i = 0; i < _names.Length; i++)
        {
            switch (_parts[i].Kind)
            {
                case RateKeyKind.ClientIp:
                    AddClient(ref sum, client);
                    break;
                case RateKeyKind.Header:
                    AddHeader(ref sum, bytes, head.Fields, _names[i]);
                    break;
                case RateKeyKind.Cookie:
                    AddCookies(ref sum, bytes, head.Fields, _names[i]);
                    break;
                case RateKeyKind.Query:
                    AddQuery(ref sum, TargetOf(bytes, head), _names[i]);
                    break;
                case RateKeyKind.Path:
                    ReadOnlySpan<byte> target = TargetOf(bytes, head);
                    sum.Add(target[..PathText.PathBytes(target)]);
                    break;
                case RateKeyKind.Host:
                    sum.AddIgnoringCase(HostText.Of(bytes, head));
                    break;
                case RateKeyKind.Route:
                    sum.Add(route);
                    break;
                default:
                    sum.Add(default);
                    break;
            }
        }
        return sum.Value;
    }

    /// <summary>As it is sent: in one spelling where routes look at paths.</summary>
    private static ReadOnlySpan<byte> TargetOf(ReadOnlySpan<byte> bytes, RequestHead head) =>
        head.SentTarget.IsEmpty ? head.PathAndQuery.Of(bytes) : head.SentTarget;

    private void AddClient(ref KeySum sum, in PeerAddress client)
    {
        Span<byte> text = stackalloc byte[ClientNetwork.BytesMax];
        sum.Add(text[..ClientNetwork.Write(text, client, _ipv6Prefix)]);
    }

    private static void AddHeader(ref KeySum sum, ReadOnlySpan<byte> bytes, HeaderTable fields, byte[] name)
    {
        int count = 0;
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (!AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), name))
                continue;
            sum.Add(field.Value.Of(bytes));
            count++;
        }
        AddCount(ref sum, count);
    }

    private static void AddCookies(ref KeySum sum, ReadOnlySpan<byte> bytes, HeaderTable fields, byte[] name)
    {
        int count = 0;
        for (int i = fields.FirstIndexOf(KnownHeader.Cookie); i >= 0; i = fields.NextIndexOf(KnownHeader.Cookie, i))
        {
            ReadOnlySpan<byte> field = fields[i].Value.Of(bytes);
            var cookies = new CookieScanner(field);
            while (cookies.MoveNext())
            {
                if (!cookies.TryRead(name, out ByteRange value))
                    continue;
                sum.Add(CookieField.Unquoted(field, value).Of(field));
                count++;
            }
        }
        AddCount(ref sum, count);
    }

    private static void AddQuery(ref KeySum sum, ReadOnlySpan<byte> target, byte[] name)
    {
        Span<byte> room = stackalloc byte[DecodedBytesMax];
        int pathBytes = PathText.PathBytes(target);
        var parameters = new QueryScanner(pathBytes == target.Length ? default : target[(pathBytes + 1)..]);
        int count = 0;
        while (parameters.MoveNext())
        {
            if (!Decoded(parameters.Name, room).SequenceEqual(name))
                continue;
            sum.Add(Decoded(parameters.Value, room));
            count++;
        }
        AddCount(ref sum, count);
    }

    private static ReadOnlySpan<byte> Decoded(ReadOnlySpan<byte> text, Span<byte> room) =>
        text.Length > room.Length ? text : room[..PercentText.Decode(text, room)];

    /// <summary>No value is another one than an empty value, and the values of one part never those of the next.</summary>
    private static void AddCount(ref KeySum sum, int count) => sum.Add([(byte)count, (byte)(count >> 8)]);
}
