using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Quotas;

namespace NativeProxy.Clients;

/// <summary>
/// Whose connections a listener takes: by its access list, by how many a client has, by how fast it opens them; over all workers. A client is its
/// address, of IPv6 its /64. Owner: the <see cref="Frontend"/>; thread: the loop. Never closes a connection.
/// </summary>
internal sealed class ClientLimits
{
    private const int Ipv6Prefix = 64;

    private readonly AddressNetwork[] _allow;
    private readonly AddressNetwork[] _deny;
    private readonly int _connectionsMax;
    private readonly KeyHash _hash;

    /// <summary>Stands for the listener, the same one after a reload.</summary>
    private readonly ulong _listener;
    private readonly CountTable _counts;
    private readonly RateTable? _rate;

    /// <summary>Stands for the rate as it is defined.</summary>
    private readonly ulong _rateId;
    private readonly bool _isOpenToAll;

    /// <param name="settings">Those of the listener, which are published.</param>
    /// <param name="board">Where is counted.</param>
    /// <param name="workerIndex">Which worker counts.</param>
    public ClientLimits(in ListenerSettings settings, LimitBoard board, int workerIndex)
    {
        _allow = NetworkText.NetworksOf(settings.Access.Allow);
        _deny = NetworkText.NetworksOf(settings.Access.Deny);
        _connectionsMax = settings.Limits.ConnectionsPerClient;
        _hash = board.Hash;
        _listener = _hash.Of(Encoding.UTF8.GetBytes(settings.Name));
        _counts = board.CountsOf(workerIndex);
        if (RateDefinition.OfConnections(settings) is { } definition)
            (_rate, _rateId) = (board.TableOf(definition), definition.Id);
        _isOpenToAll = settings.Access.IsEmpty && _connectionsMax == 0 && _rate is null;
    }

    /// <summary>Why a new connection of a client is not taken, or None.</summary>
    /// <param name="client">Whose it is.</param>
    /// <param name="nowMs">The loop's time.</param>
    /// <param name="isCounted">True when it has to be given back when it is over.</param>
    public CloseReason Judge(in PeerAddress client, long nowMs, out bool isCounted)
    {
        isCounted = false;
        if (_isOpenToAll)
            return CloseReason.None;
        if (AddressNetwork.AnyContains(_deny, client) || (_allow.Length > 0 && !AddressNetwork.AnyContains(_allow, client)))
            return CloseReason.AccessDenied;

        // Those of a Unix socket cannot be told apart: they would count as one.
        if (!client.IsGiven)
            return CloseReason.None;
        if (_connectionsMax > 0)
        {
            CountVerdict verdict = _counts.TryTake(KeyOf(client, _listener), _connectionsMax);
            if (verdict == CountVerdict.Full)
                return CloseReason.ConnectionsPerClient;
            isCounted = verdict == CountVerdict.Taken;
        }
        return _rate is null || _rate.Ask(KeyOf(client, _rateId), nowMs * 1000, RateUse.Take).Passes ? CloseReason.None : CloseReason.ConnectionRate;
    }

    /// <summary>Counts a connection that another process has taken. Returns whether it has to be given back when it is over.</summary>
    public bool CountAnyway(in PeerAddress client) =>
        _connectionsMax > 0 && client.IsGiven && _counts.TryTake(KeyOf(client, _listener), int.MaxValue) == CountVerdict.Taken;

    /// <summary>A counted connection of a client is over.</summary>
    public void GiveBack(in PeerAddress client) => _counts.GiveBack(KeyOf(client, _listener));

    private ulong KeyOf(in PeerAddress client, ulong start)
    {
        Span<byte> text = stackalloc byte[ClientNetwork.BytesMax];
        int length = ClientNetwork.Write(text, client, Ipv6Prefix);
        var sum = new KeySum(_hash, start);
        sum.Add(text[..length]);
        return sum.Value;
    }
}
