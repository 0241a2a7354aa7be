using System;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Claims;

/// <summary>
/// Finds the client in the field in which trusted proxies name it, one behind the other: from the right, past the addresses of trusted proxies, to
/// the first other one. What is no address stops the walk at the last good one, since nobody knows who stands behind it; so does the end of the list.
/// Immutable; thread: the loop. Believes whoever sent the field: that the peer is trusted has been looked at before.
/// </summary>
internal sealed class ClientWalk
{
    /// <summary>Most addresses that are looked at: a chain of proxies is short, and a stranger can put whatever it likes in front.</summary>
    public const int StepsMax = 32;

    private readonly AddressNetwork[] _trusted;
    private readonly byte[] _name;
    private readonly KnownHeader _known;
    private readonly bool _isForwarded;

    /// <param name="name">Of the field, in lower case.</param>
    /// <param name="trusted">The networks of the proxies.</param>
    public ClientWalk(byte[] name, AddressNetwork[] trusted)
    {
        _name = name;
        _trusted = trusted;
        _known = KnownHeaders.Find(name);
        _isForwarded = _known == KnownHeader.Forwarded;
    }

    /// <param name="bytes">The head.</param>
    /// <param name="fields">What was read of it.</param>
    /// <param name="peer">Who sent it; trusted.</param>
    /// <param name="proto">What Forwarded says of the scheme at that client; empty when it says nothing.</param>
    public PeerAddress Find(ReadOnlySpan<byte> bytes, HeaderTable fields, in PeerAddress peer, out ReadOnlySpan<byte> proto)
    {
        proto = default;
        PeerAddress last = peer;
        int steps = 0;
        for (int i = fields.Count - 1; i >= 0; i--)
        {
            if (!IsIt(bytes, fields[i]))
                continue;
            var list = new ListFromRight(fields[i].Value.Of(bytes), _isForwarded);
            while (list.MoveNext())
            {
                if (list.Current.IsEmpty)
                    continue;
                if (++steps > StepsMax || !TryRead(list.Current, out PeerAddress node, ref proto))
                    return last;
                last = node;
                if (!AddressNetwork.AnyContains(_trusted, node))
                    return last;
            }
            if (list.IsMalformed)
                return last;
        }
        return last;
    }

    private bool IsIt(ReadOnlySpan<byte> bytes, in HeaderField field) =>
        _known != KnownHeader.None ? field.Known == _known : AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), _name);

    private bool TryRead(ReadOnlySpan<byte> element, out PeerAddress node, ref ReadOnlySpan<byte> proto)
    {
        if (!_isForwarded)
            return NodeText.TryRead(element, out node);
        ForwardedElement forwarded = ForwardedElement.Read(element);
        bool isNode = NodeText.TryRead(forwarded.For, out node);
        if (isNode)
            proto = forwarded.Proto;
        return isNode;
    }
}
