using System;
using NativeProxy.Buffers;
using NativeProxy.Transport;
using NativeProxy.Transport.Saea;

namespace NativeProxy.Hosting;

/// <summary>
/// The supervisor's own event loop: the admin endpoint and the health checks. Ends on dispose, before the boards that it uses go away.
/// </summary>
internal sealed class SupervisorLoop : IDisposable
{
    private const long BufferBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private readonly SaeaEventLoop _loop = new(0, 1, new BufferPools(BufferBytes));

    public SupervisorLoop() => _loop.Start(new NoWork());

    public EventLoop Loop => _loop;

    public void Dispose() => _loop.StopAndWait(EndLimit);

    /// <summary>The loop needs a first item of work; all else is posted behind it.</summary>
    private sealed class NoWork : LoopWork
    {
        public override void Run()
        {
        }
    }
}
