using NativeProxy.Transport;

namespace NativeProxy.Exchanges;

/// <summary>
/// A response of the cache goes on at the end of the turn: no server's event brings it on. Nothing happens when the exchange is over by then, or
/// waits for its turn. Owner: the exchange; thread: the loop.
/// </summary>
internal sealed class CachedOutput(Exchange exchange) : LoopWork
{
    public override void Run()
    {
        if (exchange.Caching.IsHit)
            exchange.Session?.CachedOutputIsDue(exchange);
    }
}
