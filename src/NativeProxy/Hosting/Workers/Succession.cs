using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Clients;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Listeners;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// How client connections go from one worker to the one that comes after it at an upgrade, from both sides. Thread: the loop. Stateless.
/// </summary>
internal static class Succession
{
    /// <summary>Leaves addresses and idle connections to the worker behind the line. Returns the line, to be closed when all are gone.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="listeners">All that have connections.</param>
    /// <param name="line">Over which they go; null = they cannot.</param>
    public static HeirLine HandOn(EventLoop loop, Listener[] listeners, Socket? line)
    {
        HeirLine? heir = null;
        void HandOnAll()
        {
            foreach (Listener listener in listeners)
            {
                byte[] name = Encoding.UTF8.GetBytes(listener.Settings.Name);
                listener.HandOn(connection => heir!.TryGive(connection, name));
            }
        }
        heir = new HeirLine(loop, line, HandOnAll);
        HandOnAll();
        return heir;
    }

    /// <summary>Goes on with a client connection of the worker before. Its listener may be gone; then it ends.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="listeners">Those that take connections now.</param>
    /// <param name="client">What is known of it.</param>
    /// <param name="name">The name that its listener had.</param>
    /// <param name="descriptor">Its socket, which is the loop's then.</param>
    public static void Continue(EventLoop loop, List<Listener> listeners, in HandedClient client, string name, int descriptor)
    {
        // One that speaks TLS from now on takes nothing plain.
        if (listeners.Find(one => one.Settings.Name == name) is not { Frontend.IsDraining: false, Tls: null } owner)
        {
            LinuxProcess.Close(descriptor);
            return;
        }
        TcpConnection connection = ((IDescriptorEngine)loop).TakeOver(descriptor, client.Peer);
        connection.Continue(client.Id, client.AgeMs);
        ClientIdentity? identity = client.Announced.IsGiven
            ? new ClientIdentity(client.Announced, client.AnnouncedLocal, client.IsHttps) : null;
        long headMs = owner.Frontend.Timeouts.RequestHeaderMs;
        long leftMs = headMs == 0 ? 0 : Math.Max(1, headMs - client.IdleMs);
        owner.Continue(connection, new SessionStart(identity, loop.Clock.NowMs - client.IdleMs, leftMs)
        {
            IsContinued = true, RequestCount = client.RequestCount,
        });
    }
}
