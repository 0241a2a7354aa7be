using System.Net;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>One server that was found. Immutable.</summary>
/// <param name="EndPoint">Where it listens.</param>
/// <param name="Weight">Its share, 0 to 256.</param>
/// <param name="Priority">Its level, 0 first.</param>
internal sealed record FoundServer(IPEndPoint EndPoint, int Weight, int Priority = 0)
{
    /// <summary>Largest weight of a server.</summary>
    public const int WeightMax = 256;

    /// <summary>Last level of servers.</summary>
    public const int PriorityMax = 15;

    /// <summary>Its name in logs and metrics: the address without brackets, which a name may not have.</summary>
    public string Name => $"{EndPoint.Address}:{EndPoint.Port}";

    /// <summary>Its address as settings spell it.</summary>
    public string Address => EndPoint.ToString();
}
