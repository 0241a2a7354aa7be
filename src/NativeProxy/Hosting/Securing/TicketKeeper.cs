using System;
using System.Collections.Generic;
using System.Threading;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Securing;

/// <summary>
/// Has the ticket keys of all listeners: makes them, exchanges them in time, and keeps them over a reload, so that the sessions of clients go on.
/// Owner: the supervisor, or the one process; its timer calls from a thread of the pool.
/// </summary>
/// <param name="rotated">Told when keys were exchanged; any thread.</param>
/// <param name="inherited">The keys of the process before this one, which it goes on with; none but after an upgrade.</param>
internal sealed class TicketKeeper(Action rotated, TicketRings inherited) : IDisposable
{
    private readonly Lock _guard = new();
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private Timer? _timer;

    /// <summary>The keys in force.</summary>
    public TicketRings Rings { get; private set; } = TicketRings.None;

    /// <summary>Follows the listeners of these settings, too, from now on; those that are there already keep their keys.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="files">The files that they name.</param>
    public TicketRings Follow(in ProxySettings settings, TlsFiles files)
    {
        lock (_guard)
        {
            foreach (ListenerSettings listener in settings.Listeners)
            {
                if (listener.Tls is { Enabled: true, Tickets: true })
                    _kept[listener.Name] = KeptFor(listener, files, _kept.GetValueOrDefault(listener.Name), inherited.Of(listener.Name));
            }
            Publish();
            Arm();
            return Rings;
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Rotate()
    {
        lock (_guard)
        {
            long nowMs = Environment.TickCount64;
            bool isAnyDue = false;
            foreach ((string name, Kept kept) in new Dictionary<string, Kept>(_kept))
            {
                if (kept.RotationMs == 0 || kept.DueMs > nowMs)
                    continue;
                isAnyDue = true;
                _kept[name] = kept with { Ring = kept.Ring.Rotated(), DueMs = nowMs + kept.RotationMs };
            }
            Arm();
            if (!isAnyDue)
                return;
            Publish();
        }
        rotated();
    }

    private static Kept KeptFor(in ListenerSettings listener, TlsFiles files, Kept? before, TicketRing? inherited)
    {
        string path = listener.Tls.TicketKeys;
        if (path.Length > 0 && TicketKeyFile.TryRead(path, files.Of(path).Span, out List<TicketKey> keys, []))
            return new Kept(new TicketRing([.. keys.ConvertAll(static key => key.Bytes)], sealing: 0), IsFixed: true, RotationMs: 0, DueMs: 0);
        long rotationMs = listener.Tls.TicketRotationMs;
        TicketRing ring = before is { IsFixed: false } ? before.Ring : inherited ?? TicketRing.Random();
        long dueMs = before is { IsFixed: false } && before.RotationMs == rotationMs ? before.DueMs : Environment.TickCount64 + rotationMs;
        return new Kept(ring, IsFixed: false, rotationMs, dueMs);
    }

    private void Publish()
    {
        var rings = new Dictionary<string, TicketRing>(StringComparer.Ordinal);
        foreach ((string name, Kept kept) in _kept)
            rings.Add(name, kept.Ring);
        Rings = new TicketRings(rings);
    }

    private void Arm()
    {
        long dueMs = long.MaxValue;
        foreach (Kept kept in _kept.Values)
        {
            if (kept.RotationMs > 0)
                dueMs = Math.Min(dueMs, kept.DueMs);
        }
        _timer ??= new Timer(_ => Rotate());
        _timer.Change(dueMs == long.MaxValue ? Timeout.Infinite : Math.Max(1, dueMs - Environment.TickCount64), Timeout.Infinite);
    }

    /// <summary>The keys of one listener. RotationMs 0 = they stay.</summary>
    private sealed record Kept(TicketRing Ring, bool IsFixed, long RotationMs, long DueMs);
}
