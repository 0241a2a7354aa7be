using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>How a server goes away.</summary>
internal enum Fall
{
    /// <summary>As a process that was killed: nobody listens, and each connection is broken off, whatever runs on it.</summary>
    Killed,

    /// <summary>As a host that goes down in order: nobody listens, each connection gets its FIN, whatever runs on it.</summary>
    Closed,

    /// <summary>As a server that drains: nobody listens, idle connections get their FIN, running requests their answers before that.</summary>
    Drained,
}

/// <summary>
/// A server that falls and rises again at the same address, and answers each request a moment later with its target. Its address is one from which no
/// connection of the tests comes, so that its port cannot be taken while it is down. One task at a time makes it fall and rise.
/// </summary>
internal sealed class FallingServer : IAsyncDisposable
{
    private readonly IPEndPoint _address;
    private readonly int _answerAfterMs;
    private readonly HashSet<Served> _open = [];
    private Socket? _listening;
    private Task _accepting = Task.CompletedTask;
    private int _running;
    private int _mostAtOnce;

    /// <param name="number">2 and up: 127.0.0.2 and up.</param>
    /// <param name="answerAfterMs">How long each request takes.</param>
    public FallingServer(int number, int answerAfterMs = 1)
    {
        _address = new IPEndPoint(new IPAddress([127, 0, 0, (byte)number]), FreePorts.Take(1)[0]);
        _answerAfterMs = answerAfterMs;
        Rise();
    }

    public string Address => _address.ToString();

    /// <summary>The most requests that it had at work at once.</summary>
    public int MostAtOnce => _mostAtOnce;

    public void Rise()
    {
        _listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listening.Bind(_address);
        _listening.Listen(512);
        _accepting = AcceptAll(_listening);
    }

    public async Task Fall(Fall how)
    {
        _listening?.Dispose();
        _listening = null;
        await _accepting;
        foreach (Served served in All())
            served.End(how);
        await Deadline.Until(() => All().Length == 0, () => $"{Address} to be gone");
    }

    public ValueTask DisposeAsync() => new(Fall(Endurance.Fall.Closed));

    private Served[] All()
    {
        lock (_open)
            return [.. _open];
    }

    private async Task AcceptAll(Socket listening)
    {
        try
        {
            for (int number = 1; ; number++)
            {
                var served = new Served(new OriginConnection(await listening.AcceptAsync(), number));
                lock (_open)
                    _open.Add(served);
                _ = Serve(served);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has fallen.
        }
    }

    private async Task Serve(Served served)
    {
        try
        {
            while (true)
            {
                string target = (await served.Connection.ReadRequest()).Split(' ', 3)[1];
                if (!served.TryBegin())
                    return;
                await Work();
                await served.Connection.Send($"HTTP/1.1 200 OK\r\nContent-Length: {target.Length}\r\n\r\n{target}");
                if (!served.TryGoOn())
                    return;
            }
        }
        catch (Exception e) when (e is Xunit.Sdk.XunitException or SocketException or ObjectDisposedException)
        {
            // The proxy has ended the connection, or it has fallen.
        }
        finally
        {
            served.Close();
            lock (_open)
                _open.Remove(served);
        }
    }

    private async Task Work()
    {
        lock (_open)
            _mostAtOnce = Math.Max(_mostAtOnce, ++_running);
        await PassingTime.Of(_answerAfterMs);
        lock (_open)
            _running--;
    }

    /// <summary>A connection, and whether a request runs on it.</summary>
    private sealed class Served(OriginConnection connection)
    {
        private bool _isBusy;
        private bool _isClosed;
        private bool _isEnding;

        public OriginConnection Connection => connection;

        public void End(Fall how)
        {
            lock (this)
            {
                _isEnding = true;
                if (_isClosed || (how == Endurance.Fall.Drained && _isBusy))
                    return;
                _isClosed = true;
                if (how == Endurance.Fall.Killed)
                    connection.Reset();
                else
                    connection.Close();
            }
        }

        public void Close()
        {
            lock (this)
            {
                _isClosed = true;
                connection.Close();
            }
        }

        /// <summary>False when the server has fallen meanwhile.</summary>
        public bool TryBegin()
        {
            lock (this)
                return !_isEnding && (_isBusy = true);
        }

        /// <summary>The same, after the answer.</summary>
        public bool TryGoOn()
        {
            lock (this)
            {
                _isBusy = false;
                return !_isEnding;
            }
        }
    }
}
