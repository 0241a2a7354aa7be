using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Pipelines.Sockets.Unofficial;

namespace NativeProxy.Pipes;

/// <summary>
/// Accepts and connects for the control plane. Whoever awaits here goes on on the thread pool. A socket's own awaitable methods would not do:
/// this process lets completions run inline, because the portable engine's loop is made of them, and then the awaiting code would go on on
/// the loop thread. Stateless; any thread.
/// </summary>
internal static class ControlSockets
{
    /// <summary>
    /// The next connection. Throws <see cref="SocketException"/>, or System.ObjectDisposedException once the listening socket is gone.
    /// </summary>
    public static async Task<Socket> AcceptAsync(Socket listening)
    {
        using var accept = new SocketAwaitableEventArgs(PipeScheduler.ThreadPool);
        if (!listening.AcceptAsync(accept))
            accept.Complete();
        await accept;
        Socket socket = accept.AcceptSocket!;
        if (socket.AddressFamily != AddressFamily.Unix)
            socket.NoDelay = true;
        return socket;
    }

    /// <summary>
    /// An established connection. Throws <see cref="SocketException"/> when there is none, and
    /// <see cref="System.OperationCanceledException"/> when it was given up.
    /// </summary>
    public static async Task<Socket> ConnectAsync(EndPoint server, CancellationToken givenUp)
    {
        givenUp.ThrowIfCancellationRequested();
        bool isUnix = server.AddressFamily == AddressFamily.Unix;
        var socket = new Socket(server.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (!isUnix)
                socket.NoDelay = true;
            using var connect = new SocketAwaitableEventArgs(PipeScheduler.ThreadPool) { RemoteEndPoint = server };
            await using (givenUp.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), socket))
            {
                if (!socket.ConnectAsync(connect))
                    connect.Complete();
                await connect;
            }
            givenUp.ThrowIfCancellationRequested();
            return socket;
        }
        catch
        {
            socket.Dispose();
            givenUp.ThrowIfCancellationRequested();
            throw;
        }
    }
}
