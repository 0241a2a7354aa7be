using System;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Routing;

/// <summary>
/// A text with variables, ready to be written for a request. What is put in stands as it came, percent-encoded, so no line end comes out of it.
/// Immutable; thread: the loop.
/// </summary>
/// <param name="parts">Its parts.</param>
/// <param name="listener">Name of the listener.</param>
/// <param name="route">Name of the route.</param>
/// <param name="upstream">Name of the upstream, where it is known.</param>
internal sealed class RequestTemplate(ImmutableArray<TemplatePart> parts, string listener, string route, string upstream = "")
{
    private readonly byte[][] _texts = TextsOf(parts);
    private readonly byte[] _listener = Encoding.UTF8.GetBytes(listener);
    private readonly byte[] _route = Encoding.UTF8.GetBytes(route);
    private readonly byte[] _upstream = Encoding.UTF8.GetBytes(upstream);

    /// <summary>True when the first thing in it, but for a slash, comes from the request.</summary>
    public bool BeginsWithVariable => parts.Length > 0 && (parts[0].Kind != TemplatePartKind.Text || (parts.Length > 1 && parts[0].Text == "/"));

    /// <summary>True when it is nothing without the host that was asked for.</summary>
    public bool NeedsHost
    {
        get
        {
            foreach (TemplatePart part in parts)
            {
                if (part.Kind == TemplatePartKind.Host)
                    return true;
            }
            return false;
        }
    }

    /// <summary>Writes it for a request.</summary>
    public void Write(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, PeerAddress client) =>
        Write(ref writer, bytes, head, client, path: default);

    /// <summary>
    /// Writes it as a path: what is no part of a path comes percent-encoded, a slash, too. Dot segments can come out of it.
    /// </summary>
    /// <param name="writer">Where to.</param>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="path">What {path} is; not empty.</param>
    public void WritePath(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, PeerAddress client, ReadOnlySpan<byte> path) =>
        Write(ref writer, bytes, head, client, path);

    private void Write(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, PeerAddress client, ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> target = head.SentTarget.IsEmpty ? head.PathAndQuery.Of(bytes) : head.SentTarget;
        int pathBytes = PathText.PathBytes(target);
        for (int i = 0; i < parts.Length; i++)
        {
            bool isForeign = !path.IsEmpty && parts[i].Kind is not (TemplatePartKind.Text or TemplatePartKind.Capture or TemplatePartKind.Path);
            switch (parts[i].Kind)
            {
                case TemplatePartKind.ClientIp:
                    ResponseTemplate.AppendAddress(ref writer, client);
                    break;
                case TemplatePartKind.ClientPort:
                    writer.AppendDecimal(client.Port);
                    break;
                case TemplatePartKind.PeerIp when head.Ends is not null:
                    ResponseTemplate.AppendAddress(ref writer, head.Ends.Peer);
                    break;
                case TemplatePartKind.LocalIp when head.Ends is { Local.IsGiven: true }:
                    ResponseTemplate.AppendAddress(ref writer, head.Ends.Local);
                    break;
                case TemplatePartKind.LocalPort when head.Ends is { Local.IsGiven: true }:
                    writer.AppendDecimal(head.Ends.Local.Port);
                    break;
                case TemplatePartKind.Time:
                    ResponseTemplate.AppendTime(ref writer);
                    break;
                case TemplatePartKind.QueryParameter or TemplatePartKind.Header or TemplatePartKind.Cookie:
                    Append(ref writer, Named(parts[i].Kind, _texts[i], bytes, head, target[pathBytes..]), isForeign);
                    break;
                default:
                    Append(ref writer, parts[i].Kind switch
                    {
                        TemplatePartKind.RequestId => head.Trace is null ? default : head.Trace.RequestId,
                        TemplatePartKind.TraceId => head.Trace is null ? default : head.Trace.TraceId,
                        TemplatePartKind.Listener => _listener,
                        TemplatePartKind.Route => _route,
                        TemplatePartKind.Upstream => _upstream,
                        TemplatePartKind.User => head.User is { } user ? user.Name : default,
                        TemplatePartKind.Scheme => head.Verdict is { IsHttps: true } ? "https"u8 : "http"u8,
                        TemplatePartKind.Host => HostText.Of(bytes, head),
                        TemplatePartKind.Port => HostText.PortOf(bytes, head),
                        TemplatePartKind.Method => head.Method.Of(bytes),
                        TemplatePartKind.Uri => target,
                        TemplatePartKind.Path => path.IsEmpty ? target[..pathBytes] : path,
                        TemplatePartKind.Capture => head.Captures is { } captures ? captures.Group(_texts[i][0] - '0') : default,
                        TemplatePartKind.Query => pathBytes == target.Length ? default : target[(pathBytes + 1)..],
                        _ => _texts[i],
                    }, isForeign);
                    break;
            }
        }
    }

    private static void Append(ref HeadWriter writer, ReadOnlySpan<byte> value, bool isForeign)
    {
        if (!isForeign)
        {
            writer.Append(value);
            return;
        }
        for (int i = 0; i < value.Length; i++)
        {
            if (PathText.IsOfSegment(value, i))
            {
                writer.AppendByte(value[i]);
                continue;
            }
            writer.AppendByte((byte)'%');
            writer.AppendByte("0123456789ABCDEF"u8[value[i] >> 4]);
            writer.AppendByte("0123456789ABCDEF"u8[value[i] & 15]);
        }
    }

    private static ReadOnlySpan<byte> Named(TemplatePartKind kind, byte[] name, ReadOnlySpan<byte> bytes, RequestHead head, ReadOnlySpan<byte> query)
    {
        if (kind == TemplatePartKind.QueryParameter)
            return ParameterOf(query.IsEmpty ? query : query[1..], name);
        HeaderTable fields = head.Fields;
        for (int i = 0; i < fields.Count; i++)
        {
            ReadOnlySpan<byte> value = fields[i].Value.Of(bytes);
            if (kind == TemplatePartKind.Header && AsciiBytes.EqualsIgnoreCase(fields[i].Name.Of(bytes), name))
                return value;
            if (kind != TemplatePartKind.Cookie || fields[i].Known != KnownHeader.Cookie)
                continue;
            var cookies = new CookieScanner(value);
            while (cookies.MoveNext())
            {
                if (cookies.TryRead(name, out ByteRange found))
                    return found.Of(value);
            }
        }
        return default;
    }

    private static ReadOnlySpan<byte> ParameterOf(ReadOnlySpan<byte> query, byte[] name)
    {
        var parameters = new QueryScanner(query);
        while (parameters.MoveNext())
        {
            if (parameters.Name.SequenceEqual(name))
                return parameters.Value;
        }
        return default;
    }

    private static byte[][] TextsOf(ImmutableArray<TemplatePart> parts)
    {
        var texts = new byte[parts.Length][];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = Encoding.UTF8.GetBytes(parts[i].Text);
        return texts;
    }
}
