using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// Listening sockets that a service manager has opened for this process (sd_listen_fds(3), a socket unit of systemd): each goes to the listener that
/// binds its address. They stay open when the process ends, so that clients wait while it starts again. Owner: the start; main thread.
/// </summary>
internal sealed class ActivatedSockets : IDisposable
{
    private const int FirstDescriptor = 3;

    /// <summary>Further ones are an error.</summary>
    private const int CountMax = 1024;

    private readonly List<Socket> _sockets = [];

    private ActivatedSockets()
    {
    }

    /// <summary>
    /// Those that this process was given, taken out of the environment, so that no process that this one starts takes them for its own; null, and
    /// told, when one of them cannot be listened on.
    /// </summary>
    /// <param name="problem">Why not, and what to do.</param>
    public static ActivatedSockets? Take(out string problem)
    {
        string process = LinuxProcess.TakeVariable("LISTEN_PID");
        string number = LinuxProcess.TakeVariable("LISTEN_FDS");
        LinuxProcess.TakeVariable("LISTEN_FDNAMES");
        var given = new ActivatedSockets();
        problem = "";
        if (process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return given;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count > CountMax)
            problem = $"LISTEN_FDS is \"{number}\": expected how many sockets the service manager has opened, {CountMax} at most";
        for (int i = 0; i < count && problem.Length == 0; i++)
            problem = given.Add(FirstDescriptor + i);
        if (problem.Length == 0)
            return given;
        given.Dispose();
        return null;
    }

    /// <summary>The socket of this address, which is the caller's then; null when there is none. <c>*</c> is either family's any address.</summary>
    public Socket? Take(string bind, IPEndPoint endPoint)
    {
        for (int i = 0; i < _sockets.Count; i++)
        {
            Socket socket = _sockets[i];
            var local = (IPEndPoint)socket.LocalEndPoint!;
            bool isAny = bind[0] == '*' && local.Port == endPoint.Port && local.Address.Equals(IPAddress.Any);
            if (!isAny && !local.Equals(endPoint))
                continue;
            _sockets.RemoveAt(i);
            return socket;
        }
        return null;
    }

    /// <summary>A line for each that nobody has taken: its clients would wait for ever.</summary>
    public IEnumerable<string> Left
    {
        get
        {
            foreach (Socket socket in _sockets)
            {
                yield return $"the service manager listens on {socket.LocalEndPoint} for this proxy, but no listener binds that: add it to \"bind\" "
                    + "of a [[listener]], or take it out of the socket unit";
            }
        }
    }

    public void Dispose()
    {
        _sockets.ForEach(static socket => socket.Dispose());
        _sockets.Clear();
    }

    /// <summary>Empty, or why it cannot be listened on.</summary>
    private string Add(int descriptor)
    {
        string what = $"descriptor {descriptor} of the service manager";
        try
        {
            Socket socket = OwnedSocket.Of(descriptor);
            _sockets.Add(socket);
            int listens = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection)!;
            if (socket.LocalEndPoint is not IPEndPoint || socket.SocketType != SocketType.Stream || listens == 0)
                return what + " does not listen on a TCP port: say ListenStream= with a port, and Accept=no; the proxy makes Unix sockets itself";

            // The engines accept until nobody waits.
            socket.Blocking = false;
            return "";
        }
        catch (Exception e) when (e is SocketException or Win32Exception)
        {
            return $"{what} is no socket ({e.Message}): LISTEN_FDS says more than there are";
        }
    }
}
