using System;
using BenchmarkDotNet.Attributes;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;

namespace NativeProxy.Benchmarks;

/// <summary>Rewriting parsed heads for the other side.</summary>
[MemoryDiagnoser]
public class HeadRewriteBenchmarks
{
    private readonly byte[] _output = new byte[64 * 1024];
    private readonly RequestHead _request = new(fieldCountMax: 100);
    private readonly ResponseHead _response = new(fieldCountMax: 100);
    private ListenerSettings _settings;
    private byte[] _requestBytes = [];
    private readonly ViaField _via = new("nativeproxy");
    private int _requestEnd;
    private int _responseEnd;

    [Params(SampleMessages.Small, SampleMessages.Browser, SampleMessages.Cookies)]
    public string Request { get; set; } = SampleMessages.Browser;

    [GlobalSetup]
    public void Setup()
    {
        _settings = TomlBindBenchmarks.Settings().Listeners[0];
        _requestBytes = SampleMessages.Request(Request);
        _requestEnd = RequestHeadParser.Parse(_requestBytes, new HeadLimits(32 * 1024, 100, 16 * 1024), _request).ConsumedBytes;
        ConnectionHeader.Apply(_requestBytes, _request.Fields);
        _responseEnd = ResponseHeadParser.Parse(SampleMessages.Response, new HeadLimits(64 * 1024, 100, int.MaxValue), _response).ConsumedBytes;
        ConnectionHeader.Apply(SampleMessages.Response, _response.Fields);
    }

    [Benchmark]
    public int ToServer()
    {
        var writer = new HeadWriter(_output);
        RequestHeadEncoder.WriteLine(ref writer, _requestBytes.AsSpan(0, _request.Target.End));
        RequestFields.Write(ref writer, _requestBytes, _request, _requestEnd, _settings.Forwarded, new RequestChanges
        {
            Via = _via,
            Cookie = null,
            FallbackHost = "app"u8,
            ClientAddress = "192.0.2.1"u8,
        });
        RequestHeadEncoder.WriteEnd(ref writer, BodyFraming.None, upgrade: default, closes: false);
        return writer.Overflowed ? throw new InvalidOperationException("the head did not fit") : writer.WrittenBytes;
    }

    [Benchmark]
    public int ToClient()
    {
        var writer = new HeadWriter(_output);
        ResponseHeadEncoder.WriteStatusLine(ref writer, _response.StatusCode, _response.Reason.Of(SampleMessages.Response));
        ResponseFields.Write(ref writer, SampleMessages.Response, _response, _responseEnd, new ResponseChanges { KeepsLength = true });
        ResponseHeadEncoder.WriteEnd(ref writer, BodyFraming.None, _settings.Keepalive, new ConnectionTerms
        {
            CloseReason = CloseReason.None,
            ClientMinorVersion = 1,
            RequestsLeft = 99,
        });
        return writer.Overflowed ? throw new InvalidOperationException("the head did not fit") : writer.WrittenBytes;
    }
}
