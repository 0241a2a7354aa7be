using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// What is known of one name of a server: its last good addresses, and how often in a row it could not be looked up. Takes answers and says what
/// follows. Pure but for its state; whoever owns it sees to it that one thread at a time uses it.
/// </summary>
/// <param name="name">The name.</param>
/// <param name="remembered">Its addresses, where another process has known some; null = none.</param>
internal sealed class ServerName(string name, IPAddress[]? remembered = null)
{
    private const long BackOffMsMin = 1_000;
    private const int DoublingsMax = 16;

    private int _failures;

    public string Name => name;

    /// <summary>The last good answer; empty before the first one.</summary>
    public IPAddress[] Addresses { get; private set; } = remembered ?? [];

    /// <summary>The last look-up found nothing.</summary>
    public bool HasFailed => _failures > 0;

    /// <summary>Takes an answer.</summary>
    /// <param name="answer">What the look-up came to.</param>
    /// <param name="negativeTtlMs">Longest pause after a failure.</param>
    /// <param name="keepsLastGood">A failure leaves the addresses as they were.</param>
    /// <param name="delayMs">When to look the name up again.</param>
    /// <returns>What has changed.</returns>
    public NameChange Take(NameAnswer answer, long negativeTtlMs, bool keepsLastGood, out long delayMs)
    {
        if (answer.Outcome != NameOutcome.Found)
        {
            delayMs = Math.Min(BackOffMsMin << Math.Min(_failures, DoublingsMax), negativeTtlMs);
            _failures++;
            if (!keepsLastGood && Addresses.Length > 0)
            {
                Addresses = [];
                return NameChange.Lost;
            }
            return _failures > 1 ? NameChange.None : Addresses.Length == 0 ? NameChange.NotFound : NameChange.KeptOld;
        }
        delayMs = answer.TtlMs;
        bool hadFailed = HasFailed;
        bool isFirst = Addresses.Length == 0;
        _failures = 0;
        IPAddress[] found = answer.IsPartial ? WithMissing(answer.Addresses) : answer.Addresses;
        if (IsSame(found))
            return hadFailed ? NameChange.FoundAgain : NameChange.None;
        Addresses = found;
        return !isFirst ? NameChange.Moved : hadFailed ? NameChange.FoundLate : NameChange.Found;
    }

    /// <summary>The family that nobody answered for keeps the addresses that it had.</summary>
    private IPAddress[] WithMissing(IPAddress[] found)
    {
        var all = new List<IPAddress>(found);
        foreach (IPAddress address in Addresses)
        {
            if (all.Count < NameAnswer.AddressesMax && !HasFamily(found, address.AddressFamily))
                all.Add(address);
        }
        return [.. all];
    }

    private static bool HasFamily(IPAddress[] addresses, AddressFamily family) => Array.Exists(addresses, address => address.AddressFamily == family);

    /// <summary>The same addresses in another order are no change: name servers turn them.</summary>
    private bool IsSame(IPAddress[] found)
    {
        foreach (IPAddress address in found)
        {
            if (Array.IndexOf(Addresses, address) < 0)
                return false;
        }
        return found.Length == Addresses.Length;
    }
}

/// <summary>What an answer means for a server.</summary>
internal enum NameChange : byte
{
    /// <summary>Nothing new.</summary>
    None,

    /// <summary>The first answer: here are its addresses.</summary>
    Found,

    /// <summary>The first addresses, after failures: servers of this name come up.</summary>
    FoundLate,

    /// <summary>After failures, the addresses that it had.</summary>
    FoundAgain,

    /// <summary>Other addresses than before.</summary>
    Moved,

    /// <summary>There are no addresses and never were any: servers of this name are down.</summary>
    NotFound,

    /// <summary>There is no answer any more, and so no address: servers of this name are down.</summary>
    Lost,

    /// <summary>There is no answer any more; the old addresses stay.</summary>
    KeptOld,
}
