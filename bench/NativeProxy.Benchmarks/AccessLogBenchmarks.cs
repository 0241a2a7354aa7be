using System;
using BenchmarkDotNet.Attributes;
using NativeProxy.Logging;

namespace NativeProxy.Benchmarks;

/// <summary>What one access record costs the loop, and what its line costs the log writer.</summary>
[MemoryDiagnoser]
public class AccessLogBenchmarks : IDisposable
{
    private static readonly byte[] Address = [192, 0, 2, 1];

    private readonly LogRing _ring = new(1024 * 1024);
    private readonly LogNames _names = new();
    private readonly LogText _text = new();
    private readonly AccessNumbers _numbers;

    public AccessLogBenchmarks()
    {
        _numbers = new AccessNumbers
        {
            StartWallMs = 1_795_000_000_000,
            Status = 200,
            BytesSent = 5120,
            ClientPort = 40000,
            RequestMs = 0,
            QueueMs = 0,
            ConnectMs = 0,
            ResponseMs = 3,
            TotalMs = 3,
            ListenerName = _names.Register("web"),
            UpstreamName = _names.Register("app"),
            ServerName = _names.Register("app-1"),
            ClientConnectionId = 1234,
            ClientRequestNumber = 17,
            ServerConnectionId = 321,
            ServerUseNumber = 4711,
            ServerOrigin = ServerConnectionOrigin.Reused,
        };
    }

    /// <summary>The loop's side, up to a consumer that only frees the room.</summary>
    [Benchmark]
    public int Offer()
    {
        AccessRecordCodec.TryWrite(_ring, Record());
        if (!_ring.TryPeek(out ReadOnlySpan<byte> written))
            throw new InvalidOperationException("the ring is empty");
        int bytes = written.Length;
        _ring.Release();
        return bytes;
    }

    /// <summary>The writer's side: the default format.</summary>
    [Benchmark]
    public int Line()
    {
        _text.Clear();
        HaproxyFormat.Append(_text, Record(), _names);
        return _text.Length;
    }

    private AccessRecord Record() => new()
    {
        Numbers = _numbers,
        ClientAddress = Address,
        Method = "GET"u8,
        Target = "/assets/app.js?v=17"u8,
        Version = "HTTP/1.1"u8,
        Host = "www.example.org"u8,
        UserAgent = "Mozilla/5.0 (X11; Linux x86_64)"u8,
    };

    [GlobalCleanup]
    public void Dispose()
    {
        _ring.Dispose();
        GC.SuppressFinalize(this);
    }
}
