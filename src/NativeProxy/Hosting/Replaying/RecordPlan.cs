using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>What must be known of a record before it is replayed: its names, when it began, which uses of server connections it has.</summary>
internal sealed class RecordPlan
{
    private readonly Dictionary<string, string> _listeners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _listenerOfClient = new(StringComparer.Ordinal);

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
            ConnectionCount++;
            if (entry.IsOfServer)
                Uses.Add(new ServerUse(entry.Payload));
            else
                AddClient(entry);
        }
        BeganWallMs = ConnectionCount == 0 ? 0 : BeganWallMs;
    }

    public long BeganWallMs { get; }

    /// <summary>Recorded connections, of a server's each use.</summary>
    public int ConnectionCount { get; }

    public bool HasClients { get; private set; }

    /// <summary>In the order in which they began.</summary>
    public List<ServerUse> Uses { get; } = [];

    /// <summary>Name of the listener in front of an upstream, where no client was recorded.</summary>
    public static string ListenerOf(string upstream) => "to-" + upstream;

    /// <summary>Settings with what the record names.</summary>
    public ProxySettings MakeSettings()
    {
        foreach (ServerUse use in Uses)
        {
            if (!HasClients)
                _listeners[ListenerOf(use.Upstream)] = use.Upstream;
            else if (_listenerOfClient.TryGetValue(use.ClientConnection, out string? listener))
                _listeners[listener] = use.Upstream;
        }
        foreach (string name in _listeners.Keys.Where(name => !IsName(name) || !IsName(_listeners[name])).ToArray())
            _listeners.Remove(name);
        if (_listeners.Count == 0)
            _listeners["none"] = Nobody;
        IEnumerable<(string, string)> servers = Uses.Where(static use => IsName(use.Upstream) && IsName(use.Server))
            .Select(static use => (use.Upstream, use.Server));
        return ReplaySettings.Of(_listeners, servers.Concat(
            _listeners.Values.Distinct().Where(upstream => !Uses.Exists(use => use.Upstream == upstream && IsName(use.Server)))
                .Select(static upstream => (upstream, Nobody))));
    }

    private const string Nobody = "nobody";

    private static bool IsName(string text) => NameText.IsValid(text) && text.Length <= 48;

    private void AddClient(in RecordEntry entry)
    {
        HasClients = true;
        string listener = Encoding.ASCII.GetString(RecordEntry.ValueOf(entry.Payload, "listener: "u8));
        _listeners.TryAdd(listener, Nobody);
        _listenerOfClient[entry.Connection.ToString(System.Globalization.CultureInfo.InvariantCulture)] = listener;
    }
}
