using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>A listening socket and the address that it was configured by.</summary>
internal readonly record struct ListeningSocket(string Bind, Socket Socket);

/// <summary>
/// Opens the listening sockets: one per worker and address, with SO_REUSEPORT, so that the kernel spreads connections over the
/// workers and a worker that restarts finds its own backlog. Blocks; used at start only.
/// </summary>
internal static class ListeningSockets
{
    /// <summary>Connections waiting to be accepted per socket; the kernel caps it at net.core.somaxconn.</summary>
    private const int Backlog = 4096;

    private const int SocketLevel = 1;
    private const int ReusePortOption = 15;

    /// <summary>
    /// Opens the addresses of the settings that are not in <paramref name="present"/>. Sockets per worker; on a problem everything opened
    /// is closed again, and <paramref name="errors"/> has a line for each.
    /// </summary>
    public static List<ListeningSocket>[] Open(in ProxySettings settings, IReadOnlySet<string> present, int workerCount, List<string> errors)
    {
        var perWorker = new List<ListeningSocket>[workerCount];
        for (int worker = 0; worker < workerCount; worker++)
            perWorker[worker] = [];
        foreach (ListenerSettings listener in settings.Listeners)
        {
            foreach (string bind in listener.Bind)
            {
                if (!present.Contains(bind))
                    OpenForAll(perWorker, bind, listener.Name, isOurs: IsInside(bind, present), errors);
            }
        }
        if (errors.Count > 0)
            CloseAll(perWorker);
        return perWorker;
    }

    /// <summary>Opens one worker's socket. Throws <see cref="SocketException"/> when the system refuses.</summary>
    public static ListeningSocket OpenShared(string bind) => new(bind, OpenSocket(EndPointOf(bind), sharesPort: true));

    /// <summary>Closes this process's ends; others that hold the sockets keep theirs.</summary>
    public static void Close(IEnumerable<ListeningSocket> sockets)
    {
        foreach (ListeningSocket socket in sockets)
            socket.Socket.Dispose();
    }

    /// <summary>
    /// Whether we listen on this address already, by another that contains it or is contained: a reload may narrow `*` to one address, and
    /// the kernel takes both until the old one is closed.
    /// </summary>
    private static bool IsInside(string bind, IReadOnlySet<string> present)
    {
        AddressText.TryParse(bind, AddressUse.Bind, out HostPort wanted, out _);
        foreach (string held in present)
        {
            if (AddressText.TryParse(held, AddressUse.Bind, out HostPort address, out _) && BindRules.Overlap(address, wanted))
                return true;
        }
        return false;
    }

    /// <summary>Opens one socket of its own, for the admin endpoint.</summary>
    public static Socket? OpenOne(string bind, string what, List<string> errors)
    {
        try
        {
            return OpenSocket(EndPointOf(bind), sharesPort: false);
        }
        catch (SocketException e)
        {
            errors.Add(Describe(what, bind, e));
            return null;
        }
    }

    /// <summary>Why this address cannot be listened on, or null when it can. Nothing is accepted meanwhile.</summary>
    public static string? ProblemOf(string bind, string what)
    {
        try
        {
            BindSocket(EndPointOf(bind), sharesPort: false).Dispose();
            return null;
        }
        catch (SocketException e)
        {
            return Describe(what, bind, e);
        }
    }

    private static void OpenForAll(List<ListeningSocket>[] perWorker, string bind, string name, bool isOurs, List<string> errors)
    {
        try
        {
            IPEndPoint endPoint = EndPointOf(bind);

            // A port that another program holds is refused only without SO_REUSEPORT: a trial tells. It must not listen: who connected to it in
            // that moment would be reset when it closes.
            if (!isOurs)
                BindSocket(endPoint, sharesPort: false).Dispose();
            foreach (List<ListeningSocket> sockets in perWorker)
                sockets.Add(OpenShared(bind));
        }
        catch (SocketException e)
        {
            errors.Add(Describe($"listener \"{name}\"", bind, e));
        }
    }

    private static string Describe(string what, string bind, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"{what}: {bind} is in use by another program; stop that program or choose another port",
        SocketError.AccessDenied => $"{what}: no permission to bind {bind}; ports below {LinuxProcess.UnprivilegedPortStart()} need root or "
        + "CAP_NET_BIND_SERVICE: choose a higher port, or give the right (setcap cap_net_bind_service=+ep on the binary, or AmbientCapabilities= "
        + "of a service)",
        SocketError.AddressNotAvailable => $"{what}: {bind} is not an address of this machine",
        _ => $"{what}: cannot bind {bind}: {e.Message}",
    };

    private static IPEndPoint EndPointOf(string bind)
    {
        // The settings rules have refused everything but an IP address or "*".
        AddressText.TryParse(bind, AddressUse.Bind, out HostPort address, out _);
        IPAddress any = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        return new IPEndPoint(address.Ip ?? any, address.Port);
    }

    private static Socket OpenSocket(IPEndPoint endPoint, bool sharesPort)
    {
        Socket socket = BindSocket(endPoint, sharesPort);
        try
        {
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket BindSocket(IPEndPoint endPoint, bool sharesPort)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            if (sharesPort)
                socket.SetRawSocketOption(SocketLevel, ReusePortOption, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in One)));
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static readonly int One = 1;

    private static void CloseAll(List<ListeningSocket>[] perWorker)
    {
        foreach (List<ListeningSocket> sockets in perWorker)
        {
            Close(sockets);
            sockets.Clear();
        }
    }
}
