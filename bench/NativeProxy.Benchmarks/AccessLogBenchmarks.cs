using System;
using BenchmarkDotNet.Attributes;
using NativeProxy.Logging;

namespace NativeProxy.Benchmarks;

/// <summary>What one access record costs the loop. The consumer's side is only freeing the room, as a writer that keeps up does.</summary>
[MemoryDiagnoser]
public class AccessLogBenchmarks : IDisposable
{
    private static readonly byte[] Address = [192, 0, 2, 1];

    private readonly LogRing _ring = new(1024 * 1024);
    private readonly AccessNumbers _numbers = new() { Status = 200, BytesSent = 5120, ClientPort = 40000, TotalMs = 3 };

    [Benchmark]
    public int Offer()
    {
        var record = new AccessRecord
        {
            Numbers = _numbers,
            ClientAddress = Address,
            Method = "GET"u8,
            Target = "/assets/app.js?v=17"u8,
            Version = "HTTP/1.1"u8,
            Host = "www.example.org"u8,
            UserAgent = "Mozilla/5.0 (X11; Linux x86_64)"u8,
        };
        AccessRecordCodec.TryWrite(_ring, record);
        if (!_ring.TryPeek(out ReadOnlySpan<byte> written))
            throw new InvalidOperationException("the ring is empty");
        int bytes = written.Length;
        _ring.Release();
        return bytes;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _ring.Dispose();
        GC.SuppressFinalize(this);
    }
}
