using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Origins;

/// <summary>
/// The destinations of one forward proxy on one loop, found by host and port. Bounded: the one that was not used for longest makes room.
/// Clients with different rights have different origins, so that no right is lent along with a connection. Thread: the loop.
/// </summary>
internal sealed class OriginTable
{
    /// <summary>Longest host: a name of DNS, or an address.</summary>
    public const int HostBytesMax = 253;

    /// <summary>Origins that are remembered. Beyond it one that is idle is forgotten, or, when all are busy, the oldest.</summary>
    public const int OriginsMax = 1024;

    private const int KeyExtraBytes = 3;

    private readonly Dictionary<byte[], Origin> _origins = new(new ByteKeyComparer());
    private readonly Dictionary<byte[], Origin>.AlternateLookup<ReadOnlySpan<byte>> _byKey;
    private NewestFirst<Origin> _order;
    private UpstreamSettings _settings;

    public OriginTable(EventLoop loop, LoopCounters counters, NameResolver resolver, OwnAddresses ownAddresses)
    {
        Loop = loop;
        Counters = counters;
        Resolver = resolver;
        OwnAddresses = ownAddresses;
        _byKey = _origins.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public EventLoop Loop { get; }

    public LoopCounters Counters { get; }

    public NameResolver Resolver { get; }

    /// <summary>What the policy knows of this machine's interfaces.</summary>
    public OwnAddresses OwnAddresses { get; }

    /// <summary>Id under which the access log knows all origins; a name for each would never be forgotten.</summary>
    public int GroupLogId { get; init; }

    /// <summary>Id under which the access log knows their addresses.</summary>
    public int ServerLogId { get; init; }

    /// <summary>Where the ledger has the connections to all of them; null when nobody keeps one.</summary>
    public LedgerPage? Page { get; init; }

    /// <summary>Keeps the answers that are refused; null when nobody does.</summary>
    public Recorder? Recorder { get; init; }

    /// <summary>Where clients may go.</summary>
    public DestinationPolicy Policy { get; private set; } = null!;

    /// <summary>What holds for every origin.</summary>
    public ref readonly UpstreamSettings Settings => ref _settings;

    public UpstreamServerSettings ServerSettings { get; private set; }

    public int Count => _origins.Count;

    /// <summary>The origin that was used last; the others follow by <see cref="Ordered{T}.Older"/>.</summary>
    public Origin? Newest => _order.Newest;

    /// <summary>Takes over settings, at start and at reload. Addresses are judged by the new rules before they are used again.</summary>
    public void Apply(in ForwardSettings settings)
    {
        Policy = new DestinationPolicy(settings, OwnAddresses);

        // Defaults as an empty table gives them; what is missing in it is no error here.
        var errors = new SettingsErrors("", "");
        _settings = UpstreamSettings.ReadFrom(SettingsTableReader.Root(null, errors)) with
        {
            Keepalive = settings.Keepalive,
            Timeouts = settings.Timeouts,
            Retry = settings.Retry,
        };
        ServerSettings = UpstreamServerSettings.ReadFrom(SettingsTableReader.Root(null, errors));
        for (Origin? origin = _order.Newest; origin is not null; origin = origin.Older)
            origin.Expire();
    }

    /// <summary>The origin of a host and port, with its addresses known or being looked up.</summary>
    /// <param name="host">A name or an address, without brackets, at most <see cref="HostBytesMax"/>; upper and lower case are one.</param>
    /// <param name="port">The port.</param>
    /// <param name="scope">What the client may reach.</param>
    public Origin Find(ReadOnlySpan<byte> host, int port, DestinationScope scope)
    {
        Span<byte> key = stackalloc byte[HostBytesMax + KeyExtraBytes];
        key = key[..(host.Length + KeyExtraBytes)];
        key[0] = (byte)scope;
        BinaryPrimitives.WriteUInt16BigEndian(key[1..], (ushort)port);
        Ascii.ToLower(host, key[KeyExtraBytes..], out _);
        if (_byKey.TryGetValue(key, out Origin? origin))
            _order.Renew(origin);
        else
            origin = Add(key, port, scope);
        origin.Refresh();
        return origin;
    }

    /// <summary>Closes all idle connections; the table is not used any more.</summary>
    public void Retire()
    {
        while (_order.Oldest is { } origin)
            Forget(origin);
    }

    private Origin Add(ReadOnlySpan<byte> key, int port, DestinationScope scope)
    {
        if (_origins.Count >= OriginsMax)
            Forget(OldestIdle() ?? _order.Oldest!);
        var origin = new Origin(this, key.ToArray(), Encoding.ASCII.GetString(key[KeyExtraBytes..]), port, scope);
        _origins.Add(origin.Key, origin);
        _order.Add(origin);
        Counters.Add(CounterId.Origins);
        return origin;
    }

    private Origin? OldestIdle()
    {
        Origin? origin = _order.Oldest;
        while (origin is { IsBusy: true })
            origin = origin.Newer;
        return origin;
    }

    private void Forget(Origin origin)
    {
        _order.Remove(origin);
        _origins.Remove(origin.Key);
        Counters.Add(CounterId.Origins, -1);
        origin.Retire();
    }

    /// <summary>Keys by content, so that a key on the stack finds the one that is kept. The hash has a secret: hosts are chosen by clients.</summary>
    private sealed class ByteKeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] key) => GetHashCode((ReadOnlySpan<byte>)key);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
