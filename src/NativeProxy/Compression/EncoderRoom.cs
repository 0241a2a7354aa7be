using System;
using System.IO;

namespace NativeProxy.Compression;

/// <summary>
/// Where an encoder puts what comes out of it; one for all encoders of a loop, as one piece is worked on at a time. As long as the longest piece that
/// was ever encoded, and an eighth. Thread: the loop.
/// </summary>
internal sealed class EncoderRoom : Stream
{
    private byte[] _bytes = new byte[80 * 1024];
    private int _count;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _count;

    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    /// <summary>What has come out since <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _count);

    /// <summary>Another piece begins.</summary>
    public void Clear() => _count = 0;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_bytes.Length - _count < buffer.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + buffer.Length));
        buffer.CopyTo(_bytes.AsSpan(_count));
        _count += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
