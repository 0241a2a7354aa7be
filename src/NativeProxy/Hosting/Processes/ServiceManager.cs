using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The service manager that started this process, if one wants to hear of it (sd_notify(3)): it is told of start, reload and stop, and that the
/// process is alive. Any thread, a system call per message. What cannot be told is lost: nothing in here depends on it. It never waits long.
/// </summary>
internal sealed class ServiceManager
{
    private const int SendLimitMs = 1000;
    private const int PathLengthMax = 107;

    /// <summary>What a stop may take besides its own limits: logs that are written, processes that end.</summary>
    private const long EndMs = 10_000;

    private readonly UnixDomainSocketEndPoint? _address;
    private long _nextLifeMs;

    private ServiceManager(string path, string lifeUsec)
    {
        Variables = [.. path.Length > 0 ? [$"NOTIFY_SOCKET={path}"] : Array.Empty<string>(),
            .. lifeUsec.Length > 0 ? [$"WATCHDOG_USEC={lifeUsec}"] : Array.Empty<string>()];
        if (path.Length is < 2 or > PathLengthMax || path[0] is not ('/' or '@'))
            return;
        _address = new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
        if (long.TryParse(lifeUsec, NumberStyles.None, CultureInfo.InvariantCulture, out long usec) && usec > 0)
            LifeEveryMs = (int)Math.Clamp(usec / 2000, 1, int.MaxValue);
    }

    /// <summary>How often it wants a sign of life; 0 = never.</summary>
    public int LifeEveryMs { get; }

    /// <summary>For the environment of a process that comes after this one.</summary>
    public IReadOnlyList<string> Variables { get; }

    /// <summary>When <see cref="ShowLife"/> is due.</summary>
    public long NextLifeMs => LifeEveryMs == 0 ? long.MaxValue : _nextLifeMs;

    /// <summary>Takes it out of the environment, so that no process that this one starts speaks in its name.</summary>
    public static ServiceManager Take()
    {
        string lifeUsec = LinuxProcess.TakeVariable("WATCHDOG_USEC");
        string watched = LinuxProcess.TakeVariable("WATCHDOG_PID");
        bool isForUs = watched.Length == 0 || watched == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return new ServiceManager(LinuxProcess.TakeVariable("NOTIFY_SOCKET"), isForUs ? lifeUsec : "");
    }

    /// <summary>It serves: for the first time, or with whatever a reload has left in force.</summary>
    public void Ready(string status) => Tell($"READY=1\nSTATUS={status}");

    /// <summary>The configuration is read again; <see cref="Ready"/> follows in any case.</summary>
    public void Reloading() => Tell($"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)}");

    /// <summary>Another process is the service from now on, and serves.</summary>
    public void MainIs(int processId) => Tell($"MAINPID={processId}\nREADY=1");

    /// <summary>The process ends within this time, or a little more.</summary>
    public void Stopping(long limitMs) => Tell($"STOPPING=1\nEXTEND_TIMEOUT_USEC={(limitMs + EndMs) * 1000}\nSTATUS=finishing what runs");

    /// <summary>Gives a sign of life.</summary>
    public void ShowLife(long nowMs)
    {
        _nextLifeMs = nowMs + LifeEveryMs;
        Tell("WATCHDOG=1");
    }

    private void Tell(string message)
    {
        if (_address is null)
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendLimitMs };
            socket.Connect(_address);
            socket.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (SocketException)
        {
            // Nobody is there, or takes nothing.
        }
    }
}
