using System;
using System.Buffers;
using BenchmarkDotNet.Attributes;
using NativeProxy.Buffers;

namespace NativeProxy.Benchmarks;

/// <summary>Lending and returning one block, against the shared array pool.</summary>
[MemoryDiagnoser]
public class BufferPoolBenchmarks
{
    private readonly BufferPools _pools = new(16 * 1024 * 1024);

    [Params(2 * 1024, 16 * 1024)]
    public int Bytes { get; set; } = 2 * 1024;

    [Benchmark]
    public int Pool()
    {
        if (!_pools.TryLend(Borrower.LogText, Bytes, out BufferBlock? block))
            throw new InvalidOperationException("the pool is empty");
        block.Span[0] = 1;
        _pools.Return(block);
        return block.CapacityBytes;
    }

    [Benchmark(Baseline = true)]
    public int SharedArrayPool()
    {
        byte[] array = ArrayPool<byte>.Shared.Rent(Bytes);
        array[0] = 1;
        ArrayPool<byte>.Shared.Return(array);
        return array.Length;
    }
}
