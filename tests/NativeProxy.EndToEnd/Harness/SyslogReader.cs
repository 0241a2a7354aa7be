using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Stands for a syslog or the journal: a socket that collects what comes, as one text. Any thread may look.</summary>
internal sealed class SyslogReader : IDisposable
{
    private readonly object _gate = new();
    private readonly StringBuilder _text = new();
    private readonly Socket _socket;
    private readonly string? _path;
    private readonly List<Socket> _accepted = [];

    private SyslogReader(Socket socket, EndPoint endPoint, string? path)
    {
        (_socket, _path) = (socket, path);
        socket.Bind(endPoint);
        if (socket.SocketType == SocketType.Stream)
        {
            socket.Listen();
            _ = Accept();
        }
        else
        {
            _ = Receive(socket);
        }
    }

    public string Text
    {
        get
        {
            lock (_gate)
                return _text.ToString();
        }
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public static SyslogReader Udp() =>
        new(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp), new IPEndPoint(IPAddress.Loopback, 0), null);

    public static SyslogReader Tcp(int port) =>
        new(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), new IPEndPoint(IPAddress.Loopback, port), null);

    public static SyslogReader Unix(string path) =>
        new(new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified), new UnixDomainSocketEndPoint(path), path);

    public Task WaitFor(string part) =>
        Deadline.Until(() => Text.Contains(part, StringComparison.Ordinal), () => $"\"{part}\" in the syslog, not {Text}");

    public void Dispose()
    {
        _socket.Dispose();
        lock (_gate)
        {
            foreach (Socket accepted in _accepted)
                accepted.Dispose();
        }
        if (_path is not null)
            File.Delete(_path);
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                Socket accepted = await _socket.AcceptAsync();
                lock (_gate)
                    _accepted.Add(accepted);
                _ = Receive(accepted);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task Receive(Socket socket)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int length; (length = await socket.ReceiveAsync(buffer)) > 0;)
            {
                lock (_gate)
                    _text.Append(Encoding.UTF8.GetString(buffer, 0, length)).Append(socket.SocketType == SocketType.Dgram ? "\n" : "");
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
