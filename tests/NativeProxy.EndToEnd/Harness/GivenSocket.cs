using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A listening socket that this process opens for proxies it starts, as a service manager does.</summary>
[SupportedOSPlatform("linux")]
internal sealed class GivenSocket : IDisposable
{
    private const int SetDescriptorFlags = 2;
    private const int ReusePort = 15;

    private readonly Socket _socket;

    /// <param name="sharesPort">Others may open sockets beside it.</param>
    public GivenSocket(bool sharesPort)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        int one = 1;
        if (sharesPort)
            _socket.SetRawSocketOption(1, ReusePort, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in one)));
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(64);
        if (CallFcntl((int)_socket.Handle, SetDescriptorFlags, 0) != 0)
            throw new InvalidOperationException("fcntl failed");
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>For <see cref="ProxyConfig.StartedThrough"/>: the program finds the socket where a service manager puts it.</summary>
    public string Script => ScriptWith($"3<&{(int)_socket.Handle}");

    /// <summary>The same, as another user: the settings come open, from a directory that is closed to others.</summary>
    public string ScriptOf(string become) =>
        "chmod a+r \"$3\"; exec bash -c 'export LISTEN_PID=$$ LISTEN_FDS=1; "
        + $"exec {become} \"$0\" run -c /dev/stdin 3<&{(int)_socket.Handle} < \"$1\"' \"$0\" \"$3\"";

    /// <summary>The same with something else there.</summary>
    public static string ScriptWith(string third) =>
        $"exec bash -c 'export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\" {third}' \"$0\" \"$@\"";

    public void Dispose() => _socket.Dispose();

    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int CallFcntl(int descriptor, int command, int argument);
}
