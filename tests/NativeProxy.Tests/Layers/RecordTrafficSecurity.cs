using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Hosting.Workers;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Layers;

/// <summary>Every listener and every server speaks in records; each has an identity of its own, which stays over reloads.</summary>
internal sealed class RecordTrafficSecurity(RecordOptions options) : TrafficSecurity
{
    private readonly Dictionary<string, RecordSecurity> _all = [];

    /// <summary>Layers that are lent.</summary>
    public int LentCount
    {
        get
        {
            int count = 0;
            foreach (RecordSecurity security in _all.Values)
                count += security.LentCount;
            return count;
        }
    }

    public override ConnectionSecurity OfListener(in ListenerSettings listener) => Of("listener " + listener.Name);

    public override ConnectionSecurity OfServer(in UpstreamSettings upstream, in UpstreamServerSettings server) =>
        Of($"server {upstream.Name}/{server.Name}");

    private RecordSecurity Of(string name)
    {
        if (!_all.TryGetValue(name, out RecordSecurity? security))
            _all.Add(name, security = new RecordSecurity(options with { Seed = RecordCipher.Mix(options.Seed) + (ulong)_all.Count * 1_000_003 }));
        return security;
    }
}
