using System;
using NativeProxy.Buffers;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Transport.Saea;

namespace NativeProxy.Hosting;

/// <summary>The supervisor's own event loop, for the admin endpoint only. Ends on dispose, before the counters that it shows go away.</summary>
internal sealed class AdminLoop : IDisposable
{
    private const long BufferBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private readonly SaeaEventLoop _loop = new(0, 1, new BufferPools(BufferBytes));

    public AdminLoop(AdminEndpoint endpoint, CounterBoard board)
    {
        endpoint.Start(_loop, board);
        _loop.Start(new NoWork());
    }

    public void Dispose() => _loop.StopAndWait(EndLimit);

    /// <summary>The loop needs a first item of work; the endpoint is posted behind it.</summary>
    private sealed class NoWork : LoopWork
    {
        public override void Run()
        {
        }
    }
}
