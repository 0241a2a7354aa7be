using System;
using System.Buffers.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>
/// Writes what a server is told about a client that was decided upon: X-Forwarded-For with the peer behind the received list, and what a trusted peer
/// has said, or else what the proxy sees. They are written last, so that neither rules nor Connection touch them. Pure: spans in, fields out.
/// </summary>
internal static class ForwardedFields
{
    /// <summary>"65535".</summary>
    private const int PortBytesMax = 5;

    /// <param name="sink">Where to.</param>
    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">The request.</param>
    /// <param name="verdict">Who asks.</param>
    /// <param name="settings">What the listener says about them; nothing where the peer is exempt.</param>
    public static void Write<TSink>(
        ref TSink sink, ReadOnlySpan<byte> bytes, RequestHead head, ClientVerdict verdict, in ListenerForwardedSettings settings)
        where TSink : struct, IFieldSink, allows ref struct
    {
        Span<byte> text = stackalloc byte[PeerAddress.TextBytesMax];
        var said = new FieldLines(bytes, head.Fields);
        ReadOnlySpan<byte> host = (head.Form == TargetForm.Absolute ? head.Authority : head.Host).Of(bytes);
        ReadOnlySpan<byte> scheme = verdict.PeerIsHttps ? "https"u8 : "http"u8;
        if (settings.XForwardedFor == true)
        {
            sink.BeginField("X-Forwarded-For"u8);
            if (said.AppendPassing(ref sink, "x-forwarded-for"u8))
                sink.AppendValue(", "u8);
            sink.AppendValue(text[..verdict.Peer.WriteNode(text)]);
            sink.EndField();
        }
        if (settings.XForwardedProto == true)
            WriteOwn(ref sink, said, "X-Forwarded-Proto"u8, verdict.IsTrusted, scheme);
        if (settings.XForwardedHost == true)
            WriteOwn(ref sink, said, "X-Forwarded-Host"u8, verdict.IsTrusted, host);
        if (settings.XForwardedPort)
            WriteOwn(ref sink, said, "X-Forwarded-Port"u8, verdict.IsTrusted, PortOf(verdict.Local, text));
        if (settings.XOriginalTo)
            WriteOwn(ref sink, said, "X-Original-To"u8, verdict.IsTrusted, AddressOf(verdict.Local, text));
        if (settings.XRealIp && verdict.Client.IsGiven)
            sink.AppendField("X-Real-IP"u8, AddressOf(verdict.Client, text));
        if (settings.Forwarded)
            WriteForwarded(ref sink, said, verdict, host, scheme);
        if (verdict.CertificateLines.Length > 0)
            sink.AppendLines(verdict.CertificateLines);
    }

    private static ReadOnlySpan<byte> AddressOf(in PeerAddress address, Span<byte> text) =>
        address.IsGiven ? text[..address.WriteText(text)] : default;

    private static ReadOnlySpan<byte> PortOf(in PeerAddress address, Span<byte> text) =>
        address.IsGiven && Utf8Formatter.TryFormat(address.Port, text[..PortBytesMax], out int bytes) ? text[..bytes] : default;

    /// <summary>A field with what a trusted peer says, or else our own word; none where there is neither.</summary>
    private static void WriteOwn<TSink>(
        ref TSink sink, FieldLines said, ReadOnlySpan<byte> name, bool isTrusted, scoped ReadOnlySpan<byte> own)
        where TSink : struct, IFieldSink, allows ref struct
    {
        bool isSaid = isTrusted && said.HasValueOf(name);
        if (!isSaid && own.IsEmpty)
            return;
        sink.BeginField(name);
        if (isSaid)
            said.AppendAll(ref sink, name);
        else
            sink.AppendValue(own);
        sink.EndField();
    }

    /// <summary>The received list and an element of our own (RFC 7239): who speaks to us, by which address, for which host, how.</summary>
    private static void WriteForwarded<TSink>(
        ref TSink sink, FieldLines said, ClientVerdict verdict, ReadOnlySpan<byte> host, ReadOnlySpan<byte> scheme)
        where TSink : struct, IFieldSink, allows ref struct
    {
        sink.BeginField("Forwarded"u8);
        if (said.AppendPassing(ref sink, "forwarded"u8))
            sink.AppendValue(", "u8);
        AppendNode(ref sink, "for="u8, verdict.Peer);
        if (verdict.Local.IsGiven)
            AppendNode(ref sink, ";by="u8, verdict.Local);
        if (!host.IsEmpty)
        {
            bool isToken = AsciiBytes.IsToken(host);
            sink.AppendValue(isToken ? ";host="u8 : ";host=\""u8);
            sink.AppendValue(host);
            sink.AppendValue(isToken ? default : "\""u8);
        }
        sink.AppendValue(";proto="u8);
        sink.AppendValue(scheme);
        sink.EndField();
    }

    /// <summary>An IPv6 address stands in brackets, and so in quotes (RFC 7239 section 6).</summary>
    private static void AppendNode<TSink>(ref TSink sink, ReadOnlySpan<byte> name, in PeerAddress node)
        where TSink : struct, IFieldSink, allows ref struct
    {
        Span<byte> text = stackalloc byte[PeerAddress.TextBytesMax];
        bool isV6 = node.AddressBytes == 16;
        sink.AppendValue(name);
        sink.AppendValue(isV6 ? "\"["u8 : default);
        sink.AppendValue(text[..node.WriteNode(text)]);
        sink.AppendValue(isV6 ? "]\""u8 : default);
    }
}
