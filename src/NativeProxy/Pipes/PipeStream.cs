using System;
using System.Buffers;
using System.IO;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Pipes;

/// <summary>
/// A pair of pipes as a stream, for what knows streams only, such as TLS: whoever awaits it goes on where whoever awaits the pipes does. Ends neither
/// of them. Only to be awaited. Owner: whoever owns the pipes.
/// </summary>
internal sealed class PipeStream(IDuplexPipe pipe) : Stream
{
    /// <summary>The very first byte that came; -1 before that.</summary>
    public int FirstByte { get; private set; } = -1;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadResult read = await pipe.Input.ReadAsync(cancellationToken);
        int count = (int)Math.Min(read.Buffer.Length, buffer.Length);
        ReadOnlySequence<byte> taken = read.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        if (FirstByte < 0 && count > 0)
            FirstByte = buffer.Span[0];
        pipe.Input.AdvanceTo(taken.End);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            // A peer that takes nothing any more is seen by what it says last.
            await pipe.Output.WriteAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new IOException("FIN has been sent", e);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
