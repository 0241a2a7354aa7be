using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Hosting.Operating;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>What must be known of a record before it is replayed: its names, when it began, which uses of server connections it has.</summary>
internal sealed class RecordPlan
{
    /// <summary>Client connections that are replayed; further ones are left out.</summary>
    public const int ClientsMax = 10_000;

    /// <summary>Uses of server connections that are told apart; further ones are left out.</summary>
    private const int UsesMax = 20_000;

    /// <summary>Listeners, upstreams, and servers of one, that settings are made for.</summary>
    private const int NamesMax = 64;

    private readonly Dictionary<string, string> _listeners = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _listenerOfClient = [];

    /// <summary>Those of the listeners whose connections are passed through unread.</summary>
    private readonly HashSet<string> _relays = new(StringComparer.Ordinal);

    public RecordPlan(ReadOnlySpan<byte> entries)
    {
        BeganWallMs = long.MaxValue;
        while (RecordEntry.TryRead(ref entries, out RecordEntry entry))
        {
            if (entry.Kind == RecordKind.Message)
                continue;
            BeganWallMs = Math.Min(BeganWallMs, Math.Clamp(entry.WallMs, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() / 2));
            if (entry.Kind != RecordKind.Open)
                continue;
            if (!entry.IsOfServer)
                AddClient(entry);
            else if (Uses.Count < UsesMax)
                Uses.Add(new ServerUse(entry.Payload));
        }
        BeganWallMs = IsEmpty ? 0 : BeganWallMs;
    }

    public long BeganWallMs { get; }

    /// <summary>Recorded connections of clients that are replayed.</summary>
    public int ClientCount { get; private set; }

    /// <summary>No connection was recorded.</summary>
    public bool IsEmpty => ClientCount == 0 && Uses.Count == 0;

    /// <summary>In the order in which they began.</summary>
    public List<ServerUse> Uses { get; } = [];

    /// <summary>Name of the listener in front of the upstream of a use, where no client was recorded.</summary>
    public static string ListenerOf(ServerUse use) => (use.IsOpaque ? "tcp-to-" : "to-") + use.Upstream;

    /// <summary>Settings with what the record names.</summary>
    public ProxySettings MakeSettings()
    {
        foreach (ServerUse use in Uses)
        {
            string? listener = ListenerOf(use);
            if (ClientCount > 0 && !_listenerOfClient.TryGetValue(use.ClientConnection, out listener))
                continue;
            if (_listeners.Count >= NamesMax && !_listeners.ContainsKey(listener))
                continue;
            _listeners[listener] = use.Upstream;
            if (ClientCount == 0 && use.IsOpaque)
                _relays.Add(listener);
        }
        foreach (string name in (string[])[.. _listeners.Keys])
        {
            if (!IsName(name) || !IsName(_listeners[name]) || _listeners.Count > NamesMax)
                _listeners.Remove(name);
        }
        if (_listeners.Count == 0)
            _listeners["none"] = Nobody;
        var servers = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (string upstream in _listeners.Values)
            servers.TryAdd(upstream, []);
        foreach (ServerUse use in Uses)
        {
            if (IsName(use.Server) && servers.TryGetValue(use.Upstream, out List<string>? names) && !names.Contains(use.Server)
                && names.Count < NamesMax)
            {
                names.Add(use.Server);
            }
        }
        foreach (List<string> names in servers.Values)
        {
            if (names.Count == 0)
                names.Add(Nobody);
        }
        return ReplaySettings.Of(_listeners, _relays, servers);
    }

    private const string Nobody = "nobody";

    private static bool IsName(string text) => NameText.IsValid(text) && text.Length <= 48;

    private void AddClient(in RecordEntry entry)
    {
        if (ClientCount >= ClientsMax)
            return;
        ClientCount++;
        string listener = MessageDump.FirstLine(RecordEntry.ValueOf(entry.Payload, "listener: "u8));
        bool isNew = _listeners.Count < NamesMax && _listeners.TryAdd(listener, Nobody);
        if (isNew && RecordEntry.NumberOf(entry.Payload, "opaque: "u8) == 1)
            _relays.Add(listener);
        _listenerOfClient[entry.Connection] = listener;
    }
}
