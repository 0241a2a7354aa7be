using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges;

/// <summary>
/// What the settings of one listener make of the requests that it passes on: what is added to their heads, and which protocols they may
/// switch to. Writes outgoing heads with that. Owner: one <see cref="Listener"/>; thread: the loop. Never sends.
/// </summary>
internal sealed class ListenerForwarding
{
    private readonly SessionScratch _scratch;
    private readonly ListenerForwardedSettings _forwarded;
    private readonly byte[][] _upgrades;
    private readonly byte[] _via;
    private readonly bool _isProxy;

    /// <param name="settings">Those of the listener.</param>
    /// <param name="isProxy">The requests name their destinations (mode <c>forward</c>).</param>
    /// <param name="scratch">Where heads are written.</param>
    public ListenerForwarding(ListenerSettings settings, bool isProxy, SessionScratch scratch)
    {
        _scratch = scratch;
        _forwarded = settings.Forwarded.InMode(isProxy ? ListenerMode.Forward : ListenerMode.Http);
        _isProxy = isProxy;
        _via = Encoding.ASCII.GetBytes(settings.Forwarded.Via);
        _upgrades = new byte[settings.Upgrade.Length][];
        for (int i = 0; i < _upgrades.Length; i++)
            _upgrades[i] = Encoding.ASCII.GetBytes(settings.Upgrade[i]);
    }

    /// <summary>Pseudonym for Via in responses, or null: a gateway need not add it (RFC 9110 7.6.3), a proxy must.</summary>
    public byte[]? ResponseVia => !_isProxy || _via.Length == 0 ? null : _via;

    /// <summary>What is served, for Allow in a 405 and where OPTIONS asks the proxy itself; other methods pass, too, as any token does.</summary>
    public ReadOnlySpan<byte> AllowedMethods =>
        _isProxy ? "CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"u8 : "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"u8;

    /// <summary>
    /// The protocol that the server may be asked to switch to, or null when the request wants none that passes. A body is no hindrance: it goes
    /// out first, and the switch takes effect behind it (RFC 9110 7.8).
    /// </summary>
    public byte[]? AcceptedUpgrade(ReadOnlySpan<byte> bytes, RequestHead head, in RequestIntake intake)
    {
        bool mayUpgrade = intake.Options.Upgrade && head.MinorVersion == 1 && head.MethodKind != HttpMethod.Connect;
        if (!mayUpgrade || _upgrades.Length == 0 || head.Fields.CountOf(KnownHeader.Upgrade) != 1)
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
    /// Writes the outgoing head to the start of the scratch; of CONNECT the server gets none. False when it does not fit: a cut head would
    /// let the body be read as fields.
    /// </summary>
    /// <param name="bytes">From the first byte of the head on.</param>
    /// <param name="head">The parsed head.</param>
    /// <param name="intake">What was read besides it.</param>
    /// <param name="upgrade">What <see cref="AcceptedUpgrade"/> said.</param>
    /// <param name="client">Whom X-Forwarded-For names.</param>
    /// <param name="headBytes">Length of what was written.</param>
    public bool TryWriteHead(ReadOnlySpan<byte> bytes, RequestHead head, in RequestIntake intake, byte[]? upgrade, in PeerAddress client,
        out int headBytes)
    {
        headBytes = 0;
        if (head.MethodKind == HttpMethod.Connect)
            return true;
        UpstreamGroup group = intake.Group!;
        byte[] address = _scratch.AddressText;
        var writer = new HeadWriter(_scratch.Head);
        RequestHeadWriter.Write(ref writer, bytes, head, intake.HeadBytes, _forwarded, new OutgoingRequest
        {
            Framing = intake.Framing,
            Via = _via,
            Cookie = group.Cookie,
            FallbackHost = group.NameBytes,
            ClientAddress = address.AsSpan(0, client.WriteText(address)),
            Upgrade = upgrade,
            IsProxyRequest = _isProxy,
            MaxForwards = intake.MaxForwards - 1,
            ClosesServerConnection = group.Reuse == ReusePolicy.Never,
        });
        headBytes = writer.WrittenBytes;
        return !writer.Overflowed;
    }
}
