using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// By what balancers choose between servers: how many requests run on one, and what they note about it. Owner: an <see cref="UpstreamServer"/>;
/// thread: the loop. Never chooses.
/// </summary>
internal sealed class ServerLoad(string name)
{
    private ServerSlot? _slot;

    /// <summary>What is counted of the server for the operator; null where nobody can look.</summary>
    public LatencyRow? Tally { get; set; }

    /// <summary>Connections lent to users, connecting ones included; one that several use in line counts for each.</summary>
    public int LentCount { get; private set; }

    /// <summary>Requests that run on the server, over all workers where they share a board.</summary>
    public int RunningCount => _slot?.Running() ?? LentCount;

    /// <summary>Hash of the server's name, for balancing by the client's address.</summary>
    public ulong NameHash { get; } = StableHash.Of(Encoding.UTF8.GetBytes(name));

    /// <summary>Working value of balancing by load: the load during one choice.</summary>
    public int Now { get; set; }

    /// <summary>How often balancing by two random servers has picked it on this loop.</summary>
    public long PickedCount { get; set; }

    /// <summary>Turns that balancing by the fewest requests has given it of other servers' on this loop, less those that others got of its.</summary>
    public int Lead { get; set; }

    /// <summary>A user has been lent a connection.</summary>
    public void Begin() => Show(LentCount + 1);

    /// <summary>A user is done, or its turn will not come.</summary>
    public void End() => Show(LentCount - 1);

    /// <summary>Shows what runs here from now on; null = to nobody.</summary>
    public void Apply(ServerSlot? slot)
    {
        _slot = slot;
        Show(LentCount);
    }

    /// <summary>The slot may soon be another server's.</summary>
    public void LeaveBoard()
    {
        _slot?.SetRunning(0);
        _slot = null;
    }

    private void Show(int lentCount)
    {
        LentCount = lentCount;
        _slot?.SetRunning(lentCount);
    }
}
