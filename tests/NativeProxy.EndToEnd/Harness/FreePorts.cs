using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Ports that the kernel says are free now. Somebody else may take one before it is used: the user tries again then.</summary>
internal static class FreePorts
{
    private static readonly HashSet<int> Taken = [];

    /// <summary>No port is given out twice in a test run: its first user may not have bound it yet.</summary>
    public static int[] Take(int count)
    {
        var sockets = new List<Socket>();
        while (sockets.Count < count)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            lock (Taken)
            {
                if (Taken.Add(((IPEndPoint)socket.LocalEndPoint!).Port))
                    sockets.Add(socket);
                else
                    socket.Dispose();
            }
        }
        int[] ports = [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        sockets.ForEach(socket => socket.Dispose());
        return ports;
    }
}
