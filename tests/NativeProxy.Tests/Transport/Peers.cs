using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// The other side of a connection: plain blocking sockets on the test's own thread, so that they never depend on the engine under test.
/// </summary>
internal static class Peers
{
    private const int TimeoutMs = 30_000;

    public static Socket Listen(int backlog = 512)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    public static Socket Accept(Socket listener) => WithTimeouts(listener.Accept());

    public static Socket Connect(Socket listener) => Connect((IPEndPoint)listener.LocalEndPoint!);

    public static Socket Connect(IPEndPoint endPoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(endPoint);
        return WithTimeouts(socket);
    }

    /// <summary>A port that nobody listens on and nobody else can take while the socket lives.</summary>
    public static Socket RefusingPort()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    public static byte[] ReadExactly(this Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        for (int got = 0; got < count;)
        {
            int step = socket.Receive(bytes.AsSpan(got));
            if (step == 0)
                throw new InvalidOperationException($"the stream ended after {got} of {count} bytes");
            got += step;
        }
        return bytes;
    }

    /// <summary>Everything up to FIN; a reset throws <see cref="SocketException"/>.</summary>
    public static byte[] ReadToEnd(this Socket socket)
    {
        var bytes = new List<byte>();
        byte[] block = new byte[64 * 1024];
        while (true)
        {
            int step = socket.Receive(block);
            if (step == 0)
                return [.. bytes];
            bytes.AddRange(block.AsSpan(0, step));
        }
    }

    /// <summary>The error that reading ends with, ConnectionReset for RST; Success for FIN.</summary>
    public static SocketError ReadToError(this Socket socket)
    {
        byte[] block = new byte[64 * 1024];
        while (true)
        {
            int step = socket.Receive(block, 0, block.Length, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success || step == 0)
                return error;
        }
    }

    /// <summary>Closes with RST.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    /// <summary>Bytes in which every position can be told from its neighbours.</summary>
    public static byte[] Pattern(int count, int seed = 0)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
            bytes[i] = (byte)((i * 31) + (i >> 8) + seed);
        return bytes;
    }

    private static Socket WithTimeouts(Socket socket)
    {
        socket.ReceiveTimeout = TimeoutMs;
        socket.SendTimeout = TimeoutMs;
        socket.NoDelay = true;
        return socket;
    }
}
