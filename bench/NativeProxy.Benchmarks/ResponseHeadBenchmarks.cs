using System;
using BenchmarkDotNet.Attributes;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Benchmarks;

/// <summary>One response head of an origin server.</summary>
[MemoryDiagnoser]
public class ResponseHeadBenchmarks
{
    private readonly ResponseHead _head = new(fieldCountMax: 100);
    private readonly HeadLimits _limits = new(64 * 1024, 100, int.MaxValue);

    [Benchmark]
    public int Parse()
    {
        ParseOutcome outcome = ResponseHeadParser.Parse(SampleMessages.Response, _limits, _head);
        return outcome.Status == ParseStatus.Done ? outcome.ConsumedBytes : throw new InvalidOperationException("not a whole head");
    }
}
