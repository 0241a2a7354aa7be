using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Connections;

/// <summary>Which counter belongs to which reason to close a server connection; its label is the code of the reason.</summary>
internal static class ServerCloseCounters
{
    public static CounterId Of(ServerCloseReason reason) => reason switch
    {
        ServerCloseReason.ServerFin => CounterId.ServerClosesServerFin,
        ServerCloseReason.ServerReset => CounterId.ServerClosesServerReset,
        ServerCloseReason.ServerSaid => CounterId.ServerClosesServerSaid,
        ServerCloseReason.ReuseOff => CounterId.ServerClosesReuseOff,
        ServerCloseReason.IdleTimeout => CounterId.ServerClosesIdleTimeout,
        ServerCloseReason.LearnedIdleTimeout => CounterId.ServerClosesLearnedIdleTimeout,
        ServerCloseReason.MaxRequests => CounterId.ServerClosesMaxRequests,
        ServerCloseReason.MaxAge => CounterId.ServerClosesMaxAge,
        ServerCloseReason.PoolFull => CounterId.ServerClosesPoolFull,
        ServerCloseReason.SurplusBytes => CounterId.ServerClosesSurplusBytes,
        ServerCloseReason.RequestUnsent => CounterId.ServerClosesRequestUnsent,
        ServerCloseReason.ConnectFailed => CounterId.ServerClosesConnectFailed,
        ServerCloseReason.ClientAborted => CounterId.ServerClosesClientAborted,
        ServerCloseReason.Timeout => CounterId.ServerClosesTimeout,
        ServerCloseReason.BadResponse => CounterId.ServerClosesBadResponse,
        ServerCloseReason.UpgradeEnded => CounterId.ServerClosesUpgradeEnded,
        ServerCloseReason.Purged => CounterId.ServerClosesPurged,
        ServerCloseReason.Stopped => CounterId.ServerClosesStopped,
        ServerCloseReason.DescriptorPressure => CounterId.ServerClosesDescriptorPressure,
        ServerCloseReason.MemoryPressure => CounterId.ServerClosesMemoryPressure,
        ServerCloseReason.AddressLeft => CounterId.ServerClosesAddressLeft,
        ServerCloseReason.PinnedClientLeft => CounterId.ServerClosesPinnedClientLeft,
        ServerCloseReason.ServerDown => CounterId.ServerClosesServerDown,
        _ => CounterId.ServerClosesAmbiguous,
    };
}
