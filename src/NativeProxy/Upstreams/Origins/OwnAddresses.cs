using System;
using System.Collections.Generic;
using System.Net.NetworkInformation;
using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Origins;

/// <summary>
/// The addresses that this machine's interfaces have, as they were seen last: whoever connects to one of them reaches this machine. The list is
/// immutable and replaced as a whole, by any thread but a loop's; loops read it.
/// </summary>
internal sealed class OwnAddresses
{
    /// <summary>How long a list is good for a new judgement. Looking costs half a millisecond or so, which a loop does not have.</summary>
    private const long AgeMsMax = 2_000;

    private volatile Seen? _seen;

    /// <summary>Whether the list is young enough to judge by.</summary>
    public bool IsFresh => _seen is { } seen && Environment.TickCount64 - seen.AtMs <= AgeMsMax;

    public bool Contains(PeerAddress address)
    {
        if (_seen is not { } seen)
            return false;
        foreach (PeerAddress own in seen.Addresses)
        {
            if (own.AddressBytes == address.AddressBytes && own.Bits == address.Bits)
                return true;
        }
        return false;
    }

    /// <summary>Looks at the interfaces if the list is not young enough. Blocks for a moment; never on a loop.</summary>
    public void Refresh()
    {
        if (IsFresh)
            return;
        long nowMs = Environment.TickCount64;
        if (Look() is { } addresses)
            _seen = new Seen(nowMs, addresses);
    }

    /// <summary>For tests: these are the addresses.</summary>
    internal void Set(params PeerAddress[] addresses) => _seen = new Seen(long.MaxValue / 2, addresses);

    /// <summary>Null when the system does not tell: the last list stays.</summary>
    private static PeerAddress[]? Look()
    {
        var addresses = new List<PeerAddress>();
        try
        {
            foreach (NetworkInterface one in NetworkInterface.GetAllNetworkInterfaces())
            {
                foreach (UnicastIPAddressInformation address in one.GetIPProperties().UnicastAddresses)
                    addresses.Add(PeerAddress.Of(address.Address, 0));
            }
            return [.. addresses];
        }
        catch (NetworkInformationException)
        {
            return null;
        }
    }

    /// <summary>What was seen, and when.</summary>
    private sealed record Seen(long AtMs, PeerAddress[] Addresses);
}
