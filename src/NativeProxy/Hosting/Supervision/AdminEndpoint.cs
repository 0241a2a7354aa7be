using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;
using NativeProxy.Recording;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Hosting.Supervision;

/// <summary>The listening socket of <c>[admin]</c>. Opened before anything starts, so that a port in use is told.</summary>
internal sealed class AdminEndpoint : IDisposable
{
    /// <summary>Connections at once, without those of probes (<see cref="SmallHttpServer.ProbePlacesMax"/>).</summary>
    private const int PlacesMax = 64;

    /// <summary>Connections that wait at most, at a Unix socket.</summary>
    private const int Backlog = 64;

    private readonly ListeningSocket _listening;
    private bool _isLeft;

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
        Socket? inherited = predecessor.TakeAdmin(settings.Bind);
        if (UnixAddressText.IsUnix(settings.Bind))
            return OpenUnix(settings, inherited, errors);
        Socket? socket = inherited ?? ListeningSockets.OpenOne(settings.Bind, "the admin endpoint", errors);
        return socket is null ? null : new AdminEndpoint(new ListeningSocket(settings.Bind, socket));
    }

    /// <summary>Another process goes on with the socket: closing it here does not end it, nor is its file removed.</summary>
    public static void Leave(AdminEndpoint? admin)
    {
        if (admin is null)
            return;
        SocketCalls.MarkShared((int)admin._listening.Socket.Handle);
        admin._isLeft = true;
    }

    private static AdminEndpoint? OpenUnix(in AdminSettings settings, Socket? inherited, List<string> errors)
    {
        List<ListeningSocket>[] sockets = [[]];
        string? problem = inherited is null ? UnixListening.Open(settings.Bind, settings.Unix, Backlog, sockets)
            : UnixListening.GoOn(settings.Bind, settings.Unix, inherited, sockets);
        if (problem is null)
            return new AdminEndpoint(sockets[0][0]);
        errors.Add($"the admin endpoint: {settings.Bind}: {problem}");
        return null;
    }

    /// <summary>Serves until the returned server is disposed, which must come before the boards are.</summary>
    public SmallHttpServer Serve(Boards boards, ServiceState state, AdminPowers powers) =>
        SmallHttpServer.Start(
            _listening.Socket,
            new AdminRoutes(
                new AdminBoards(boards.Counters, boards.Servers, boards.Closes, boards.Latencies, boards.Limits, boards.Changes,
                    boards.Recordings),
                state, powers, TimeProvider.System),
            PlacesMax, TimeProvider.System, () => state.Security, powers.Say);

    /// <summary>These settings are in force from now on.</summary>
    /// <param name="state">What the endpoint reads.</param>
    /// <param name="settings">With the servers of the file alone.</param>
    /// <param name="text">The files as they were read: <see cref="SettingsText.Bytes"/>.</param>
    /// <param name="files">Those of TLS, which were tried before.</param>
    public static void Show(ServiceState state, in ProxySettings settings, byte[] text, TlsFiles files)
    {
        if (settings.Admin.IsSecured)
        {
            ShownCertificate own = ShownCertificate.Read(settings.Admin.Certificate, settings.Admin.Key, files, isForServers: true);
            state.Security = new EndpointSecurity(own.Shown, own.Names);
        }
        state.Tokens = new AdminTokens(settings.Admin.ReadTokenFile, settings.Admin.WriteTokenFile);
        state.Running = new RunningConfig(settings, SettingsText.Decode(text).Readable);
        state.Redaction = Recorder.RedactionOf(settings.Recorder);
    }

    /// <summary>What it may have done.</summary>
    /// <param name="health">Follows what is set of servers.</param>
    /// <param name="log">Gets a line for each change.</param>
    /// <param name="wish">Does what signals do, and what is wished without one.</param>
    /// <param name="ask">Asks all workers.</param>
    public static AdminPowers PowersOf(
        HealthChecks health, ErrorLog log, Action<OperatorWish> wish, Func<string, Task<IReadOnlyList<byte[]>?>> ask) => new(
        health.LastOf,
        line =>
        {
            log.Info(line);
            health.ServerChanged();
        },
        Reload: () => wish(OperatorWish.Reload),
        Upgrade: () => wish(OperatorWish.Upgrade))
    {
        Say = log.Info,
        Drain = () => wish(OperatorWish.Drain),
        AskWorkers = ask,
        LogLevel = () => log.Level,
        SetLogLevel = level =>
        {
            LogLevelChange.Set(log, level, "an operator");
            wish(OperatorWish.FollowLogLevel);
        },
    };

    public void Dispose()
    {
        _listening.Socket.Dispose();
        if (!_isLeft)
            _listening.File?.Remove();
    }
}
