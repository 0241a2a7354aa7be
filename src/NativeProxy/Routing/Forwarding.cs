using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>
/// What the settings make of the requests that are passed on: what is added to their heads, and which protocols they may switch to. Immutable;
/// thread: the loop. Never sends.
/// </summary>
internal sealed class Forwarding
{
    private readonly ListenerForwardedSettings _forwarded;
    private readonly byte[][] _upgrades;
    private readonly byte[] _via;
    private readonly bool _isProxy;

    /// <param name="settings">Those of the listener.</param>
    public Forwarding(in ListenerSettings settings)
    {
        _isProxy = settings.Mode == ListenerMode.Forward;
        _forwarded = settings.Forwarded.InMode(settings.Mode);
        _via = Encoding.ASCII.GetBytes(settings.Forwarded.Via);
        _upgrades = new byte[settings.Upgrade.Length][];
        for (int i = 0; i < _upgrades.Length; i++)
            _upgrades[i] = Encoding.ASCII.GetBytes(settings.Upgrade[i]);
    }

    /// <summary>Pseudonym for Via in responses, or null: a gateway need not add it (RFC 9110 7.6.3), a proxy must.</summary>
    public byte[]? ResponseVia => !_isProxy || _via.Length == 0 ? null : _via;

    /// <summary>
    /// The protocol that the server may be asked to switch to, or null when the request wants none that passes. A body is no hindrance: it goes
    /// out first, and the switch takes effect behind it (RFC 9110 7.8).
    /// </summary>
    public byte[]? AcceptedUpgrade(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        if (!head.OffersUpgrade || _upgrades.Length == 0 || head.Fields.CountOf(KnownHeader.Upgrade) != 1)
            return null;
        ReadOnlySpan<byte> wanted = head.Fields[head.Fields.FirstIndexOf(KnownHeader.Upgrade)].Value.Of(bytes);
        foreach (byte[] upgrade in _upgrades)
        {
            if (AsciiBytes.EqualsIgnoreCase(wanted, upgrade))
                return upgrade;
        }
        return null;
    }

    /// <summary>
    /// Writes the fields that a server gets to the start of the scratch, as canonical lines. False when they do not fit: a cut head would let the
    /// body be read as fields.
    /// </summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="group">Where the request goes.</param>
    /// <param name="client">Whom X-Forwarded-For names.</param>
    /// <param name="scratch">Where they are written.</param>
    /// <param name="lines">The lines, valid until the scratch is used again.</param>
    public bool TryWriteLines(
        ReadOnlySpan<byte> bytes, RequestHead head, UpstreamGroup group, scoped in PeerAddress client, WireScratch scratch,
        out ReadOnlySpan<byte> lines)
    {
        byte[] address = scratch.AddressText;
        var writer = new HeadWriter(scratch.Head);
        RequestFields.Write(ref writer, bytes, head, bytes.Length, _forwarded, new RequestChanges
        {
            Via = _via,
            Cookie = group.Cookie,
            FallbackHost = group.NameBytes,
            ClientAddress = address.AsSpan(0, client.WriteText(address)),
            IsProxyRequest = _isProxy,
            MaxForwards = head.MaxForwards - 1,
        });
        lines = writer.Written;
        return !writer.Overflowed;
    }
}
