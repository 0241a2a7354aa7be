using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Ports that the kernel says are free now. Somebody else may take one before it is used: the user tries again then.</summary>
internal static class FreePorts
{
    public static int[] Take(int count)
    {
        var sockets = new List<Socket>();
        for (int i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            sockets.Add(socket);
        }
        int[] ports = [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        sockets.ForEach(socket => socket.Dispose());
        return ports;
    }
}
