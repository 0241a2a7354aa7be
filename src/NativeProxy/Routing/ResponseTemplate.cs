using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Routing;

/// <summary>
/// The value of a header field that rules write into responses, with variables. None of them is text of a request, so no line end comes out of it.
/// Immutable; thread: the loop.
/// </summary>
internal sealed class ResponseTemplate
{
    /// <summary>Longest name of a server that is said; a longer one, which only discovery can bring, is left out.</summary>
    private const int ServerBytesMax = 256;

    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
    private const int NumberBytesMax = 5;

    private readonly ImmutableArray<TemplatePart> _parts;
    private readonly byte[][] _texts;

    /// <param name="parts">Its parts.</param>
    /// <param name="listener">Name of the listener.</param>
    /// <param name="route">Name of the route.</param>
    /// <param name="upstream">Name of the upstream.</param>
    public ResponseTemplate(ImmutableArray<TemplatePart> parts, string listener, string route, string upstream)
    {
        _parts = parts;
        _texts = new byte[parts.Length][];
        for (int i = 0; i < parts.Length; i++)
        {
            _texts[i] = Encoding.UTF8.GetBytes(parts[i].Kind switch
            {
                TemplatePartKind.Listener => listener,
                TemplatePartKind.Route => route,
                TemplatePartKind.Upstream => upstream,
                _ => parts[i].Text,
            });
            IsFixed &= IsKnown(parts[i].Kind);
            BytesMax += _texts[i].Length + BytesMaxOf(parts[i].Kind);
        }
        Fixed = IsFixed ? Joined(_texts) : [];
    }

    /// <summary>True when it is the same in each response.</summary>
    public bool IsFixed { get; } = true;

    /// <summary>The whole of it, when it is fixed.</summary>
    public byte[] Fixed { get; }

    /// <summary>It is never longer.</summary>
    public int BytesMax { get; }

    /// <summary>Writes it for a response.</summary>
    public void Write(ref HeadWriter writer, in ResponseFacts facts)
    {
        for (int i = 0; i < _parts.Length; i++)
        {
            switch (_parts[i].Kind)
            {
                case TemplatePartKind.Status:
                    writer.AppendDecimal(facts.StatusCode);
                    break;
                case TemplatePartKind.Server:
                    AppendServer(ref writer, facts.Server);
                    break;
                case TemplatePartKind.RequestId:
                    writer.Append(facts.Trace is null ? default : facts.Trace.RequestId);
                    break;
                case TemplatePartKind.TraceId:
                    writer.Append(facts.Trace is null ? default : facts.Trace.TraceId);
                    break;
                case TemplatePartKind.ClientIp:
                    AppendAddress(ref writer, facts.Client);
                    break;
                case TemplatePartKind.ClientPort:
                    writer.AppendDecimal(facts.Client.Port);
                    break;
                case TemplatePartKind.PeerIp:
                    AppendAddress(ref writer, facts.Ends.Peer);
                    break;
                case TemplatePartKind.LocalIp:
                    AppendAddress(ref writer, facts.Ends.Local);
                    break;
                case TemplatePartKind.LocalPort when facts.Ends.Local.IsGiven:
                    writer.AppendDecimal(facts.Ends.Local.Port);
                    break;
                case TemplatePartKind.Time:
                    AppendTime(ref writer);
                    break;
                default:
                    writer.Append(_texts[i]);
                    break;
            }
        }
    }

    /// <summary>Writes the moment, in UTC (RFC 3339).</summary>
    public static void AppendTime(ref HeadWriter writer)
    {
        Span<byte> text = stackalloc byte[TimeFormat.Length];
        if (DateTime.UtcNow.TryFormat(text, out int length, TimeFormat, CultureInfo.InvariantCulture))
            writer.Append(text[..length]);
    }

    private static void AppendServer(ref HeadWriter writer, string name)
    {
        Span<byte> text = stackalloc byte[ServerBytesMax];
        if (Encoding.UTF8.TryGetBytes(name, text, out int length))
            writer.Append(text[..length]);
    }

    /// <summary>Writes an address, if it is known.</summary>
    public static void AppendAddress(ref HeadWriter writer, PeerAddress address)
    {
        Span<byte> text = stackalloc byte[PeerAddress.TextBytesMax];
        if (address.IsGiven)
            writer.Append(text[..address.WriteText(text)]);
    }

    private static bool IsKnown(TemplatePartKind kind) =>
        kind is TemplatePartKind.Text or TemplatePartKind.Listener or TemplatePartKind.Route or TemplatePartKind.Upstream;

    private static int BytesMaxOf(TemplatePartKind kind) => kind switch
    {
        TemplatePartKind.Server => ServerBytesMax,
        TemplatePartKind.RequestId => RequestTrace.RequestIdBytesMax,
        TemplatePartKind.TraceId => RequestTrace.TraceParentBytes,
        TemplatePartKind.ClientIp or TemplatePartKind.PeerIp or TemplatePartKind.LocalIp => PeerAddress.TextBytesMax,
        TemplatePartKind.Status or TemplatePartKind.ClientPort or TemplatePartKind.LocalPort => NumberBytesMax,
        TemplatePartKind.Time => TimeFormat.Length,
        _ => 0,
    };

    private static byte[] Joined(byte[][] texts)
    {
        var all = new List<byte>();
        foreach (byte[] text in texts)
            all.AddRange(text);
        return [.. all];
    }
}
