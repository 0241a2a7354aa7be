using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>
/// One look-up of a name: blocks a thread of its own, never the loop's, and posts itself to the loop with the result.
/// Owner: a <see cref="NameResolver"/>. The two threads meet in the mailbox only.
/// </summary>
internal sealed class NameLookup(NameResolver resolver, Origin origin, string name) : LoopWork
{
    private const int StackBytes = 256 * 1024;

    /// <summary>Who asked.</summary>
    public Origin Origin => origin;

    /// <summary>What was found; empty when the name has no address or the look-up failed. Read on the loop only.</summary>
    public IPAddress[] Found { get; private set; } = [];

    /// <summary>Begins; <see cref="NameResolver.Ended"/> follows on the loop.</summary>
    public void Start() => new Thread(LookUp, StackBytes) { IsBackground = true, Name = "name look-up" }.UnsafeStart();

    /// <summary>The loop thread, when the other one is done.</summary>
    public override void Run() => resolver.Ended(this);

    private void LookUp()
    {
        try
        {
            Found = resolver.Ask(name);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // The name is unknown, no name server answers, or it is none: nothing was found.
        }
        resolver.Loop.Post(this);
    }
}
