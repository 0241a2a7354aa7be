using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// Asks the system for a name that neither the hosts file nor DNS knows: it may have further sources (multicast DNS, the names of containers, a
/// directory). That call cannot be given up and blocks a thread of its own, so there are few at once. Control plane.
/// </summary>
internal static class SystemLookup
{
    /// <summary>Each costs a thread while it lasts; beyond it the answer of DNS stands.</summary>
    private const int AtOnceMax = 4;

    private static int _running;

    /// <summary>
    /// Whether name resolution is set up with more than files and DNS (nsswitch.conf(5)), or differently from what this code knows.
    /// </summary>
    public static bool HasFurtherSources(string nsswitch)
    {
        foreach (string line in nsswitch.Split('\n'))
        {
            if (!line.StartsWith("hosts:", StringComparison.Ordinal))
                continue;
            foreach (string word in line["hosts:".Length..].Split('#')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            {
                if (word is not ("files" or "dns") && word[0] != '[')
                    return true;
            }
        }
        return false;
    }

    /// <summary>The addresses, none when the system does not know the name, or too many ask.</summary>
    public static async Task<IPAddress[]> Find(string name)
    {
        if (Interlocked.Increment(ref _running) > AtOnceMax)
        {
            Interlocked.Decrement(ref _running);
            return [];
        }
        try
        {
            return await Task.Factory.StartNew(() => Ask(name), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (TaskSchedulerException)
        {
            // The system has no thread to give.
            return [];
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static IPAddress[] Ask(string name)
    {
        try
        {
            return Dns.GetHostAddresses(name);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return [];
        }
    }
}
