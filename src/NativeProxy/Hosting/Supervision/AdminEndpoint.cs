using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Logging;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Hosting.Supervision;

/// <summary>The listening socket of <c>[admin]</c>. Opened before anything starts, so that a port in use is told.</summary>
internal sealed class AdminEndpoint : IDisposable
{
    /// <summary>Connections at once, without those of probes (<see cref="SmallHttpServer.ProbePlacesMax"/>).</summary>
    private const int PlacesMax = 64;

    private readonly ListeningSocket _listening;

    private AdminEndpoint(ListeningSocket listening) => _listening = listening;

    /// <summary>Where it listens; nothing without an endpoint.</summary>
    public static IEnumerable<ListeningSocket> ListeningOf(AdminEndpoint? admin) => admin is null ? [] : [admin._listening];

    /// <summary>Null when no admin endpoint is configured, or on an error, which is added to the list.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="errors">Hears what is wrong.</param>
    /// <param name="predecessor">May have the socket already.</param>
    public static AdminEndpoint? Open(in AdminSettings settings, List<string> errors, Predecessor predecessor)
    {
        if (settings.Bind.Length == 0)
            return null;
        Socket? socket = predecessor.TakeAdmin(settings.Bind) ?? ListeningSockets.OpenOne(settings.Bind, "the admin endpoint", errors);
        return socket is null ? null : new AdminEndpoint(new ListeningSocket(settings.Bind, socket));
    }

    /// <summary>Another process goes on with the socket: closing it here does not end it.</summary>
    public static void Leave(AdminEndpoint? admin)
    {
        if (admin is not null)
            SocketCalls.MarkShared((int)admin._listening.Socket.Handle);
    }

    /// <summary>Serves until the returned server is disposed, which must come before the boards are.</summary>
    public SmallHttpServer Serve(Boards boards, ServiceState state, AdminPowers powers) =>
        SmallHttpServer.Start(
            _listening.Socket, new AdminRoutes(boards.Counters, boards.Servers, boards.Closes, boards.Latencies, state, powers, boards.Recordings),
            PlacesMax, TimeProvider.System);

    /// <summary>The files with the tokens that it asks for.</summary>
    public static AdminTokens TokensOf(in AdminSettings settings) => new(settings.ReadTokenFile, settings.WriteTokenFile);

    /// <summary>What it may have done.</summary>
    public static AdminPowers PowersOf(HealthChecks health, ErrorLog log, Action<OperatorWish> wish) => new(
        health.LastOf,
        line =>
        {
            log.Info(line);
            health.ServerChanged();
        },
        Reload: () => wish(OperatorWish.Reload),
        Upgrade: () => wish(OperatorWish.Upgrade));

    public void Dispose() => _listening.Socket.Dispose();
}
