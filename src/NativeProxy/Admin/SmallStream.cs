using System;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Admin;

/// <summary>
/// The body of an answer that goes on until it or its client ends. Its owner is the connection that sends it, which asks for the next piece when the
/// client has taken the one before, and disposes of it in any case. Called by one task at a time, on the thread pool; holds no piece back.
/// </summary>
internal abstract class SmallStream : IDisposable
{
    /// <summary>The next piece, once there is one; empty = the stream has ended.</summary>
    /// <param name="over">The connection ends.</param>
    public abstract Task<byte[]> NextAsync(CancellationToken over);

    /// <summary>Nobody asks for more.</summary>
    public abstract void Dispose();
}
