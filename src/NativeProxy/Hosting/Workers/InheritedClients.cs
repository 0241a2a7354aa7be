using System;
using System.Net.Sockets;
using System.Threading;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Logging;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The other end of a <see cref="HeirLine"/>: takes the client connections that a worker before this one hands over, and gives them to the loop.
/// A thread of its own, which waits for the loop, so that no more are under way than one batch; it ends with the line.
/// </summary>
internal sealed class InheritedClients
{
    private const int StackBytes = 128 * 1024;

    /// <summary>Connections that the loop has not taken yet, at most.</summary>
    private const int BatchMax = 64;

    private readonly Socket _line;
    private readonly EventLoop _loop;
    private readonly TrafficPlan _traffic;
    private readonly ErrorLog _log;
    private readonly SemaphoreSlim _places = new(BatchMax);

    private InheritedClients(Socket line, EventLoop loop, TrafficPlan traffic, ErrorLog log)
    {
        _line = line;
        _loop = loop;
        _traffic = traffic;
        _log = log;
    }

    /// <summary>Begins to take them. Any thread.</summary>
    public static void Begin(Socket line, EventLoop loop, TrafficPlan traffic, ErrorLog log)
    {
        var clients = new InheritedClients(line, loop, traffic, log);
        if (SystemThreads.TryStart(new Thread(clients.TakeAll, StackBytes) { IsBackground = true, Name = "inherited clients" }))
            return;
        line.Dispose();
        log.Error("the system has no thread to take over the connections of the process before this one; that one keeps them");
    }

    private void TakeAll()
    {
        Span<byte> message = stackalloc byte[HandedClient.BytesMax];
        int lost = 0;
        while (DescriptorPassing.ReceiveWith((int)_line.Handle, message, out int descriptor) is > 0 and var length)
        {
            if (descriptor >= 0 && HandedClient.TryRead(message[..length], out HandedClient client, out string listener))
            {
                _places.Wait();
                _loop.Post(new TakeWork(this, client, listener, descriptor));
                continue;
            }
            lost++;
            if (descriptor >= 0)
                Processes.LinuxProcess.Close(descriptor);
        }
        _line.Dispose();
        if (lost > 0)
            _log.Error($"{lost} client connections of the process before this one were lost: no descriptor was free for them (ulimit -n)");
    }

    /// <summary>Takes one, on the loop thread.</summary>
    private sealed class TakeWork(InheritedClients clients, HandedClient client, string listener, int descriptor) : LoopWork
    {
        public override void Run()
        {
            clients._places.Release();
            clients._traffic.Continue(client, listener, descriptor);
        }
    }
}
