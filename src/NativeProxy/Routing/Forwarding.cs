using System.Runtime.CompilerServices;
using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>
/// What the settings make of the requests that are passed on: what is added to their heads. Immutable; thread: the loop. Never sends.
/// </summary>
internal sealed class Forwarding
{
    private readonly ListenerForwardedSettings _forwarded;

    /// <summary>The same for a peer about which nothing is said.</summary>
    private readonly ListenerForwardedSettings _silent;
    private readonly ViaField? _via;
    private readonly bool _isProxy;

    /// <param name="settings">Those of the listener.</param>
    public Forwarding(in ListenerSettings settings)
    {
        _isProxy = settings.Mode == ListenerMode.Forward;
        DropsTrailers = settings.Trailers == TrailerPolicy.Drop;
        _forwarded = settings.Forwarded.InMode(settings.Mode);
        _silent = settings.Forwarded.Silent();
        _via = ViaField.Of(settings.Forwarded.Via);
    }

    /// <summary>Whether no trailer field passes, in either direction.</summary>
    public bool DropsTrailers { get; }

    /// <summary>Via in responses, or null: a gateway need not add it (RFC 9110 7.6.3), a proxy must.</summary>
    public ViaField? ResponseVia => _isProxy ? _via : null;

    /// <summary>
    /// Says a request without its wire: writes the words and the fields that a server gets to the start of the scratch. False when they do not
    /// fit: a cut head would let the body be read as fields.
    /// </summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="route">Where the request goes, and by which rules.</param>
    /// <param name="client">Whom X-Forwarded-For names.</param>
    /// <param name="scratch">Where it is written.</param>
    /// <param name="request">What is asked, valid until the scratch is used again.</param>
    public bool TryWrite(
        ReadOnlySpan<byte> bytes, RequestHead head, Route route, scoped in PeerAddress client, WireScratch scratch, out RequestToServer request)
    {
        ReadOnlySpan<byte> added = default;
        bool fits = route.RequestHeaders is not { } rules || rules.TryApply(bytes, head, client, out added);
        UpstreamGroup group = route.Upstream;
        ReadOnlySpan<byte> host = route.HostHeader is { } own ? own : group.Rules.HostHeader;
        bool isOfServer = HostHeaderText.IsOfServer(host) && head.MethodKind != HttpMethod.Connect;
        var writer = new HeadWriter(scratch.Head);

        // As they came where one SP is between them already.
        if (head.SentTarget.IsEmpty && head.Form != TargetForm.Absolute && head.Target.Start == head.Method.End + 1)
            writer.Append(bytes[head.Method.Start..head.Target.End]);
        else
            fits &= TryWriteWords(ref writer, bytes, head, scratch);
        int wordBytes = writer.WrittenBytes;
        if (head.MethodKind != HttpMethod.Connect)
            WriteFields(ref writer, bytes, head, route, client, scratch.AddressText, added, host, isOfServer);
        request = new RequestToServer(writer.Written, wordBytes)
        {
            Body = head.Body,
            IsOnlyOne = group.Rules.Reuse == ReusePolicy.Never,
            LacksHost = isOfServer,
        };
        return fits && !writer.Overflowed;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryWriteWords(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, WireScratch scratch)
    {
        ReadOnlySpan<byte> target = OriginTarget.Of(bytes, head, scratch.Data);
        writer.Append(head.Method.Of(bytes));
        writer.AppendByte((byte)' ');
        writer.Append(target);
        return !target.IsEmpty;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteFields(
        ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, Route route, in PeerAddress client, byte[] address,
        ReadOnlySpan<byte> added, ReadOnlySpan<byte> host, bool isOfServer)
    {
        ref readonly ListenerForwardedSettings forwarded = ref (head.Verdict is { IsExempt: true } ? ref _silent : ref _forwarded);
        RequestFields.Write(ref writer, bytes, head, bytes.Length, forwarded, new RequestChanges
        {
            Via = _via,
            AddedLines = added,
            Cookie = route.Upstream.Rules.Cookie,
            Host = isOfServer ? default : host,
            OmitsHost = isOfServer,
            FallbackHost = route.Upstream.NameBytes,
            ClientAddress = address.AsSpan(0, client.WriteNode(address)),
            IsProxyRequest = _isProxy,
            MaxForwards = head.MaxForwards - 1,
        });
    }
}
