using System.Collections.Generic;
using System.Globalization;
using NativeProxy.Listeners;

namespace NativeProxy.Hosting.Workers;

/// <summary>The sockets of a worker that is not there, at the listeners that accept on them meanwhile. Thread: the loop. Stateless.</summary>
internal static class AdoptedSockets
{
    /// <summary>Under which a listener knows a socket that is another worker's; no address looks like it.</summary>
    public static string NameOf(int worker, string bind) => string.Create(CultureInfo.InvariantCulture, $"{bind} of worker {worker}");

    /// <summary>Closes this process's ends of them.</summary>
    public static void Release(List<Listener> listeners, int worker)
    {
        foreach (Listener listener in listeners)
        {
            foreach (string bind in listener.Settings.Bind)
                listener.TakeSocket(NameOf(worker, bind))?.Close();
        }
    }
}
