using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>The socket on which a service manager hears of its services (sd_notify(3)). Collects what comes, in order. Any thread may look.</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly object _gate = new();
    private readonly List<string> _messages = [];
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"nativeproxy-{Guid.NewGuid():N}.notify");
    private readonly bool _isAbstract;

    /// <param name="isAbstract">It has a name instead of a file.</param>
    public NotifySocket(bool isAbstract = false)
    {
        _isAbstract = isAbstract;
        _socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + _path : _path));
        _ = Receive();
    }

    /// <summary>As it stands in NOTIFY_SOCKET.</summary>
    public string Address => _isAbstract ? "@" + _path : _path;

    /// <summary>What has come; each is some lines.</summary>
    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_gate)
                return [.. _messages];
        }
    }

    /// <summary>The first words of what has come, signs of life left out.</summary>
    public IReadOnlyList<string> Words => [.. Messages.Select(static message => message.Split('=')[0]).Where(static word => word != "WATCHDOG")];

    /// <summary>Waits until so many messages have come.</summary>
    public Task WaitFor(int count) =>
        Deadline.Until(() => Messages.Count >= count, () => $"{count} messages, not {string.Join(" | ", Messages)}");

    /// <summary>A line of shell for <see cref="ProxyConfig.StartedThrough"/>.</summary>
    /// <param name="more">Further variables.</param>
    public string Script(string more = "") => $"exec env 'NOTIFY_SOCKET={Address}' {more} \"$0\" \"$@\"";

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    private async Task Receive()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                int length = await _socket.ReceiveAsync(buffer);
                lock (_gate)
                    _messages.Add(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
