using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// The place of one worker in the supervisor: its listening sockets, which outlive the process, its process and control line, and the
/// back-off after a crash. Used by the supervisor's main thread.
/// </summary>
internal sealed class WorkerSlot(int index, int count, List<ListeningSocket> sockets, Boards boards, SettingsMessage settings) : IDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    /// <summary>A worker that lived this long is sound; its next crash starts the back-off anew.</summary>
    private static readonly TimeSpan SoundLife = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _life = new();
    private ControlLine? _control;
    private SettingsMessage _settings = settings;
    private TimeSpan _delay = FirstDelay;

    public int Index => index;

    public Process? Process { get; private set; }

    public bool IsRunning => Process is { HasExited: false };

    /// <summary>When the worker may be started again.</summary>
    public DateTime RestartAt { get; private set; }

    /// <summary>Starts the process; <paramref name="exited"/> is called on another thread when it ends.</summary>
    public void Start(Action<WorkerSlot> exited)
    {
        (Socket ours, Socket theirs) = SocketPair.Create();
        using (theirs)
        {
            SetInherited(theirs, true);
            try
            {
                Process = Process.Start(StartInfo((int)theirs.Handle)) ?? throw new IOException("the worker process could not be started");
            }
            finally
            {
                SetInherited(theirs, false);
            }
        }
        _life.Restart();
        _control = new ControlLine(ours);
        _control.Send(ControlCommand.Settings, _settings.Encode());
        Process started = Process;
        Task.Run(() =>
        {
            started.WaitForExit();
            exited(this);
        });
    }

    public void Tell(ControlCommand command) => _control?.Send(command);

    /// <summary>Servers have other addresses, for this process and for those that follow it.</summary>
    public void ChangeAddresses(ServerEndPoints endPoints)
    {
        _settings = _settings with { Servers = endPoints.ToLine() };
        _control?.Send(ControlCommand.Addresses, Encoding.UTF8.GetBytes(_settings.Servers));
    }

    /// <summary>Sends other settings with the sockets that they need, and gives up the sockets that they do not name.</summary>
    public void Reload(Reload reload, string path)
    {
        List<ListeningSocket> added = reload.NewSockets[index];
        var message = new SettingsMessage(path, added.ConvertAll(socket => socket.Bind), reload.EndPoints.ToLine(), reload.Text);
        if (_control?.Send(ControlCommand.Settings, message.Encode()) == true)
            _control.SendSockets(added);
        _settings = message with { Binds = [] };
        HashSet<string> wanted = Hosting.Reload.BindsOf(reload.Settings);
        foreach (ListeningSocket socket in sockets)
        {
            if (!wanted.Contains(socket.Bind))
                socket.Socket.Dispose();
        }
        sockets.RemoveAll(socket => !wanted.Contains(socket.Bind));
        sockets.AddRange(added);
    }

    public void Kill()
    {
        if (IsRunning)
            Process!.Kill();
    }

    /// <summary>After the process ended unasked: when to start it again. Returns the delay.</summary>
    public TimeSpan PlanRestart()
    {
        _control?.Dispose();
        if (_life.Elapsed >= SoundLife)
            _delay = FirstDelay;
        TimeSpan delay = _delay;
        RestartAt = DateTime.UtcNow + delay;
        _delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        return delay;
    }

    /// <summary>Closes the supervisor's copies of the listening sockets, so that a draining worker's are the last.</summary>
    public void CloseSockets()
    {
        foreach (ListeningSocket socket in sockets)
            socket.Socket.Dispose();
    }

    public void Dispose()
    {
        CloseSockets();
        _control?.Dispose();
        Process?.Dispose();
    }

    private ProcessStartInfo StartInfo(int control)
    {
        string program = Environment.ProcessPath!;
        var info = new ProcessStartInfo(program) { UseShellExecute = false };

        // A JIT run is "dotnet nativeproxy.dll"; the published binary is its own program.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        string listen = string.Join(',', sockets.Select(socket => string.Create(CultureInfo.InvariantCulture, $"{(int)socket.Socket.Handle}={socket.Bind}")));
        foreach (string argument in (string[])["worker", "--index", Text(index), "--count", Text(count), "--control", Text(control), "--listen", listen, "--boards", boards.DescriptorText])
            info.ArgumentList.Add(argument);
        return info;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void SetInherited(Socket control, bool isInherited)
    {
        LinuxProcess.SetInherited((int)control.Handle, isInherited);
        foreach (ListeningSocket socket in sockets)
            LinuxProcess.SetInherited((int)socket.Socket.Handle, isInherited);
        foreach (int board in boards.Descriptors)
            LinuxProcess.SetInherited(board, isInherited);
    }
}
