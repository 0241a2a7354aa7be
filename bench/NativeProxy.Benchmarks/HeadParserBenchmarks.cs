using System;
using System.Buffers;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Benchmarks;

/// <summary>One request head, against the parser of ASP.NET Core's server.</summary>
[MemoryDiagnoser]
public class HeadParserBenchmarks
{
    private readonly RequestHead _head = new(fieldCountMax: 100);
    private readonly HeadLimits _limits = new(32 * 1024, 100, 16 * 1024);
    private readonly KestrelHandler _handler = new();
    private readonly HttpParser<KestrelHandler> _kestrel = new(showErrorDetails: false);
    private byte[] _bytes = [];

    [Params(SampleMessages.Small, SampleMessages.Browser, SampleMessages.Cookies)]
    public string Request { get; set; } = SampleMessages.Small;

    [GlobalSetup]
    public void Setup() => _bytes = SampleMessages.Request(Request);

    [Benchmark]
    public int NativeProxy()
    {
        ParseOutcome outcome = RequestHeadParser.Parse(_bytes, _limits, _head);
        return outcome.Status == ParseStatus.Done ? outcome.ConsumedBytes : throw new InvalidOperationException("not a whole head");
    }

    /// <summary>With what a proxy needs besides: Connection read and nominated fields marked, framing decided.</summary>
    [Benchmark]
    public int NativeProxyWithFraming()
    {
        int used = NativeProxy();
        return ConnectionHeader.Apply(_bytes, _head.Fields).Close || MessageFraming.OfRequest(_bytes, _head).Kind != BodyKind.None ? 0 : used;
    }

    [Benchmark(Baseline = true)]
    public int Kestrel()
    {
        var reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(_bytes));
        if (!_kestrel.ParseRequestLine(_handler, ref reader) || !_kestrel.ParseHeaders(_handler, ref reader))
            throw new InvalidOperationException("not a whole head");
        return (int)reader.Consumed;
    }

    /// <summary>Takes what the other parser finds and keeps as little as ours does.</summary>
    public sealed class KestrelHandler : IHttpRequestLineHandler, IHttpHeadersHandler
    {
        public int FieldCount { get; private set; }

        public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine) => FieldCount = 0;

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => FieldCount++;

        public void OnHeadersComplete(bool endStream)
        {
        }

        public void OnStaticIndexedHeader(int index) => FieldCount++;

        public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value) => FieldCount++;
    }
}
