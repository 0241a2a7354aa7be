using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>A listening socket and the address that it was configured by.</summary>
internal readonly record struct ListeningSocket(string Bind, Socket Socket)
{
    /// <summary>Its file, which goes away with it; null for one that has none, or whose file is the supervisor's to remove.</summary>
    public UnixFile? File { get; init; }

    public bool IsUnix => UnixAddressText.IsUnix(Bind);

    /// <summary>Its port was opened for one socket: others cannot listen there beside it (<see cref="ListeningSockets.SharesPort"/>).</summary>
    public bool IsAlone { get; init; }

    /// <summary>All workers have the same one, since there can be no other.</summary>
    public bool IsShared => IsUnix || IsAlone;
}

/// <summary>
/// Opens the listening sockets: one per worker and address, with SO_REUSEPORT, so that the kernel spreads connections over the
/// workers and a worker that restarts finds its own backlog. Blocks; used at start only.
/// </summary>
internal static class ListeningSockets
{
    /// <summary>Connections waiting to be accepted per socket; the kernel caps it at net.core.somaxconn.</summary>
    public const int Backlog = 4096;

    private const int SocketLevel = 1;
    private const int ReusePortOption = 15;
    private const int IPLevel = 0;
    private const int FreeBindOption = 15;
    private const int IPv6Level = 41;
    private const int IPv6FreeBindOption = 78;

    /// <summary>
    /// Opens the addresses of the settings that are not in <paramref name="present"/>, or takes them over. Sockets per worker; on a problem
    /// everything opened is closed again, and <paramref name="errors"/> has a line for each.
    /// </summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="present">Addresses that are listened on already: by this process, or by the one before it.</param>
    /// <param name="workerCount">How many workers there are.</param>
    /// <param name="errors">Hears what is wrong.</param>
    /// <param name="inherited">The sockets of that one, by worker and address; null for those that it has not.</param>
    public static List<ListeningSocket>[] Open(in ProxySettings settings, IReadOnlySet<string> present, int workerCount, List<string> errors,
        Func<int, string, Socket?>? inherited = null)
    {
        var perWorker = new List<ListeningSocket>[workerCount];
        for (int worker = 0; worker < workerCount; worker++)
            perWorker[worker] = [];
        foreach (ListenerSettings listener in settings.Listeners)
        {
            foreach (string bind in listener.Bind)
            {
                bool isThere = inherited is null && present.Contains(bind);
                if (UnixAddressText.IsUnix(bind))
                    OpenUnix(perWorker, listener, bind, isThere, inherited, errors);
                else if (!isThere)
                    OpenForAll(perWorker, listener, bind, isOurs: IsInside(bind, present), inherited, errors);
            }
        }
        if (errors.Count > 0)
            CloseAll(perWorker);
        return perWorker;
    }

    /// <summary>
    /// Opens one worker's socket, at an address that may have left the machine since it was opened first. Throws <see cref="SocketException"/> when
    /// the system refuses.
    /// </summary>
    public static ListeningSocket OpenAgain(string bind) => OpenShared(bind, mayBeAbsent: true);

    /// <summary>Closes this process's ends; others that hold the sockets keep theirs.</summary>
    public static void Close(IEnumerable<ListeningSocket> sockets)
    {
        foreach (ListeningSocket socket in sockets)
        {
            socket.Socket.Dispose();
            socket.File?.Remove();
        }
    }

    /// <summary>This process serves: files that the process before it had are its own.</summary>
    public static void TakeFiles(IEnumerable<ListeningSocket> sockets)
    {
        foreach (ListeningSocket socket in sockets)
        {
            if (socket.File is { } file)
                file.IsBorrowed = false;
        }
    }

    /// <summary>Closes this process's ends of what another process has, with its file.</summary>
    public static void Leave(IEnumerable<ListeningSocket> sockets)
    {
        foreach (ListeningSocket socket in sockets)
            socket.Socket.Dispose();
    }

    /// <summary>Closes all of them.</summary>
    public static void CloseAll(List<ListeningSocket>[] perWorker)
    {
        foreach (List<ListeningSocket> sockets in perWorker)
        {
            Close(sockets);
            sockets.Clear();
        }
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
            return OpenSocket(EndPointOf(bind), sharesPort: false, mayBeAbsent: false);
        }
        catch (SocketException e)
        {
            errors.Add(Describe(what, bind, e));
            return null;
        }
    }

    /// <summary>Why this address cannot be listened on, or null when it can. Nothing is accepted meanwhile.</summary>
    public static string? ProblemOf(string bind, string what, bool mayBeAbsent)
    {
        if (UnixAddressText.PathOf(bind) is { } path)
            return UnixListening.ProblemOf(path) is { } problem ? $"{what}: {bind}: {problem}" : null;
        try
        {
            BindSocket(EndPointOf(bind), sharesPort: false, mayBeAbsent).Dispose();
            return null;
        }
        catch (SocketException e)
        {
            return Describe(what, bind, e);
        }
    }

    /// <summary>Of one that is there already, others may be allowed to connect now.</summary>
    private static void OpenUnix(List<ListeningSocket>[] perWorker, in ListenerSettings listener, string bind, bool isThere,
        Func<int, string, Socket?>? inherited, List<string> errors)
    {
        string? problem = isThere ? UnixListening.Permit(UnixAddressText.PathOf(bind)!, listener.Unix)
            : inherited?.Invoke(0, bind) is { } first ? UnixListening.GoOn(bind, listener.Unix, first, perWorker)
            : UnixListening.Open(bind, listener.Unix, Backlog, perWorker);
        if (problem is not null)
            errors.Add($"listener \"{listener.Name}\": {bind}: {problem}");
    }

    private static void OpenForAll(
        List<ListeningSocket>[] perWorker, in ListenerSettings listener, string bind, bool isOurs, Func<int, string, Socket?>? inherited,
        List<string> errors)
    {
        try
        {
            IPEndPoint endPoint = EndPointOf(bind);

            // A port that another program holds is refused only without SO_REUSEPORT: a trial tells. It must not listen: who connected to it in
            // that moment would be reset when it closes.
            Socket? first = inherited?.Invoke(0, bind);
            if (!isOurs && first is null)
                BindSocket(endPoint, sharesPort: false, listener.FreeBind).Dispose();

            // The first worker comes last: the others may make its socket one for all.
            for (int worker = perWorker.Length - 1; worker >= 0; worker--)
            {
                Socket? before = worker == 0 ? first : inherited?.Invoke(worker, bind);
                perWorker[worker].Add(before is not null ? new ListeningSocket(bind, before) { IsAlone = !SharesPort(before) }
                    : first is not null ? OpenBeside(first, bind, listener.FreeBind)
                    : OpenShared(bind, listener.FreeBind));
            }
        }
        catch (SocketException e)
        {
            errors.Add(Describe($"listener \"{listener.Name}\"", bind, e));
        }
        catch (IOException e)
        {
            errors.Add($"listener \"{listener.Name}\": {bind}: {e.Message}");
        }
    }

    /// <summary>Other sockets may listen on the same port, as ours do; one of a service manager often is alone.</summary>
    public static bool SharesPort(Socket socket)
    {
        int isOn = 0;
        return socket.GetRawSocketOption(SocketLevel, ReusePortOption, MemoryMarshal.AsBytes(new Span<int>(ref isOn))) > 0 && isOn != 0;
    }

    /// <summary>
    /// One more for a port of which this process was given a socket: its own where the system lets it have one, which it does to the same user with
    /// the same rights only; else that socket once more, which is one for all workers from then on.
    /// </summary>
    private static ListeningSocket OpenBeside(Socket first, string bind, bool mayBeAbsent)
    {
        try
        {
            if (SharesPort(first))
                return OpenShared(bind, mayBeAbsent);
        }
        catch (SocketException)
        {
            Set(first, SocketLevel, ReusePortOption, 0);
        }
        return new ListeningSocket(bind, OwnedSocket.Again(first)) { IsAlone = true };
    }

    private static ListeningSocket OpenShared(string bind, bool mayBeAbsent) =>
        new(bind, OpenSocket(EndPointOf(bind), sharesPort: true, mayBeAbsent));

    private static string Describe(string what, string bind, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"{what}: {bind} is in use by another program; stop that program or choose another port",
        SocketError.AccessDenied => $"{what}: no permission to bind {bind}; ports below {LinuxProcess.UnprivilegedPortStart()} need root or "
        + "CAP_NET_BIND_SERVICE: choose a higher port, or give the right (setcap cap_net_bind_service=+ep on the binary, or AmbientCapabilities= "
        + "of a service)",
        SocketError.AddressNotAvailable => $"{what}: {bind} is not an address of this machine"
        + (what.StartsWith("listener", StringComparison.Ordinal) ? "; if it will be, say freebind = true" : ""),
        _ => $"{what}: cannot bind {bind}: {e.Message}",
    };

    /// <summary>Where such an address of the settings is; not for one of a Unix socket.</summary>
    public static IPEndPoint EndPointOf(string bind)
    {
        // The settings rules have refused everything but an IP address or "*".
        AddressText.TryParse(bind, AddressUse.Bind, out HostPort address, out _);
        IPAddress any = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        return new IPEndPoint(address.Ip ?? any, address.Port);
    }

    private static Socket OpenSocket(IPEndPoint endPoint, bool sharesPort, bool mayBeAbsent)
    {
        Socket socket = BindSocket(endPoint, sharesPort, mayBeAbsent);
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

    private static Socket BindSocket(IPEndPoint endPoint, bool sharesPort, bool mayBeAbsent)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            if (sharesPort)
                SetOn(socket, SocketLevel, ReusePortOption);
            if (mayBeAbsent && endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                SetOn(socket, IPv6Level, IPv6FreeBindOption);
            else if (mayBeAbsent)
                SetOn(socket, IPLevel, FreeBindOption);
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void SetOn(Socket socket, int level, int option) => Set(socket, level, option, 1);

    private static void Set(Socket socket, int level, int option, int value) =>
        socket.SetRawSocketOption(level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
}
