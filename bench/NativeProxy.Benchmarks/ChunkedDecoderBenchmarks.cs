using System;
using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Benchmarks;

/// <summary>One chunked body of 64 KiB: taken apart, and carried over into chunks of the proxy's own.</summary>
[MemoryDiagnoser]
public class ChunkedDecoderBenchmarks
{
    private const int BodyBytes = 64 * 1024;

    private readonly WireScratch _scratch = new(16 * 1024, 100, 2 * BodyBytes);
    private byte[] _wire = [];

    [Params(64, 4096, BodyBytes)]
    public int ChunkBytes { get; set; } = 4096;

    [GlobalSetup]
    public void Setup()
    {
        var wire = new StringBuilder();
        for (int left = BodyBytes; left > 0; left -= ChunkBytes)
            wire.Append(CultureInfo.InvariantCulture, $"{ChunkBytes:x}\r\n").Append('x', ChunkBytes).Append("\r\n");
        _wire = SampleMessages.Bytes(wire.Append("0\r\n\r\n").ToString());
    }

    [Benchmark(Baseline = true)]
    public long Decode()
    {
        ChunkedDecoder decoder = default;
        int position = 0;
        long bytes = 0;
        while (decoder.Read(_wire, ref position, out ByteRange data) == ChunkStep.Data)
            bytes += data.Length;
        return bytes == BodyBytes && decoder.IsComplete ? bytes : throw new InvalidOperationException("not a whole body");
    }

    [Benchmark]
    public long Relay()
    {
        BodyReader reader = default;
        reader.Begin(BodyFraming.Chunked);
        reader.Read(_wire, _scratch, out BodyPiece piece);
        ReadOnlySpan<byte> output = new BodyWriter(emitsChunks: true).Write(_scratch, 0, piece);
        return piece.IsLast ? output.Length : throw new InvalidOperationException("not a whole body");
    }
}
