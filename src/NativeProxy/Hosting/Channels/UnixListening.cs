using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// Opens Unix sockets to listen on. There is one for all workers, because the kernel spreads no connections over several: each gets a descriptor of
/// it, and whoever is first accepts. It takes its place in the file system when it is ready, so that nobody finds it before, and a file that a
/// killed process has left there is replaced. Blocks; used at start and reload. Stateless. Linux.
/// </summary>
internal static class UnixListening
{
    /// <summary>Opens a socket, as many times as asked for. Null, or why that cannot be.</summary>
    /// <param name="bind">The address as configured.</param>
    /// <param name="access">Who may connect.</param>
    /// <param name="backlog">Connections that wait at most.</param>
    /// <param name="perWorker">Where they go: one into each.</param>
    public static string? Open(string bind, in ListenerUnixSettings access, int backlog, List<ListeningSocket>[] perWorker)
    {
        string path = UnixAddressText.PathOf(bind)!;
        if (ProblemOf(path) is { } problem)
            return problem;
        string unready = path + "." + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        try
        {
            File.Delete(unready);
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(unready));
            if (Permit(unready, access) is { } refused)
                return refused;
            socket.Listen(backlog);
            File.Move(unready, path, overwrite: true);
            var file = new UnixFile(path);
            foreach (List<ListeningSocket> sockets in perWorker)
                sockets.Add(new ListeningSocket(bind, OwnedSocket.Again(socket)) { File = file });
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            return e is SocketException { SocketErrorCode: SocketError.AccessDenied } or UnauthorizedAccessException
                ? "no permission to make a file in its directory"
                : e.Message;
        }
    }

    /// <summary>
    /// Goes on with a socket on which the process before this one listens; that one keeps its file until this one serves. Null, or why that cannot
    /// be.
    /// </summary>
    /// <param name="bind">The address as configured.</param>
    /// <param name="access">Who may connect from now on.</param>
    /// <param name="first">The socket.</param>
    /// <param name="perWorker">Where it goes: once into each.</param>
    public static string? GoOn(string bind, in ListenerUnixSettings access, Socket first, List<ListeningSocket>[] perWorker)
    {
        string path = UnixAddressText.PathOf(bind)!;
        var file = new UnixFile(path) { IsBorrowed = true };
        try
        {
            foreach (List<ListeningSocket> sockets in perWorker)
                sockets.Add(new ListeningSocket(bind, sockets == perWorker[0] ? first : OwnedSocket.Again(first)) { File = file });
            return Permit(path, access);
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>Why nobody can listen there, as far as can be seen without trying; null when nothing speaks against it.</summary>
    public static string? ProblemOf(string path)
    {
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            return "its directory does not exist; make it, and let the proxy write it";
        if (!UnixFile.Exists(path, out bool isSocket))
            return null;
        if (!isSocket)
            return "there is a file that is no socket; choose another path, or remove it";
        return IsListenedOn(path) ? "is in use by another program; stop that program or choose another path" : null;
    }

    /// <summary>The file that made room takes its place again. False when another program listens there, or when that cannot be.</summary>
    public static bool StepBack(UnixFile file)
    {
        if (file.IsAside && ProblemOf(file.Path) is null)
            file.StepBack();
        return !file.IsAside;
    }

    /// <summary>Lets those connect who may. Null, or why that cannot be.</summary>
    public static string? Permit(string path, in ListenerUnixSettings access)
    {
        try
        {
            string? problem = UnixFile.Give(path, access.User, access.Group);
            if (problem is null && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(access.Mode, fromBase: 8));
            return problem;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>Whether somebody accepts there; whoever does sees a connection that ends at once.</summary>
    private static bool IsListenedOn(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            // A full backlog and a lack of rights are somebody's, too.
            return e.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
