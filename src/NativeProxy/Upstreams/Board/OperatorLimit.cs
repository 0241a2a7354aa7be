using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// How many connections one server may have over all workers, as the file and an operator say: a view into a slot of the <see cref="ServerBoard"/>,
/// which must outlive it. Any thread or process reads; one at a time sets. Never counts connections.
/// </summary>
internal readonly unsafe struct OperatorLimit(ServerSlotMemory* memory)
{
    /// <summary>Connections at most that an operator lets it have, 0 = no limit; null = what the file says.</summary>
    public int? Wanted => Volatile.Read(ref memory->OperatorConnections) is > 0 and var more ? more - 1 : null;

    /// <summary>Connections that it may have at most; 0 = no limit.</summary>
    public int InForce => Wanted ?? Volatile.Read(ref memory->ConnectionsInFile);

    /// <summary>An operator sets it; false when that holds already.</summary>
    /// <param name="connectionsMax">0 = no limit; null, or what the file says, = what the file says.</param>
    public bool TrySet(int? connectionsMax)
    {
        int stored = connectionsMax is { } limit && limit != Volatile.Read(ref memory->ConnectionsInFile) ? limit + 1 : 0;
        return Interlocked.Exchange(ref memory->OperatorConnections, stored) != stored;
    }
}
