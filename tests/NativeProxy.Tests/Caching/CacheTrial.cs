using System;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Simulation;
using NativeProxy.Timers;

namespace NativeProxy.Tests.Caching;

/// <summary>A cache whose time the test moves, and short ways to fill and ask it.</summary>
internal sealed class CacheTrial
{
    public const string Fresh = "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 2\r\n\r\n";

    private readonly SimulatedTime _time = new();
    private readonly LoopClock _clock;
    private readonly ChangeBoard _changes;
    private ResponseCache? _cache;

    /// <param name="bytes">Memory.</param>
    /// <param name="more">Further lines of the settings.</param>
    /// <param name="changes">Shared with another worker's cache; null = its own.</param>
    public CacheTrial(long bytes = 1 << 20, string more = "", ChangeBoard? changes = null)
    {
        _changes = changes ?? ChangeBoard.CreatePrivate();
        _clock = new LoopClock(_time);
        Apply(bytes, more);
    }

    public LoopCounters Counters { get; } = LastingCounters.Create();

    public ResponseCache Cache => _cache!;

    /// <summary>As at a reload.</summary>
    public void Apply(long bytes, string more = "") => _cache = ResponseCache.Of(Settings(bytes, more), _cache, Counters, _clock, _changes);

    public void PassTime(long ms)
    {
        _time.MoveTo(_time.NowMs + ms);
        _clock.Refresh();
    }

    /// <summary>A fill whose head is open; the text is head and the beginning of the body.</summary>
    public CacheFill BeginFill(string key, string response = Fresh + "ok")
    {
        CacheFill fill = Ask(key);
        OpenFill(fill, response);
        return fill;
    }

    /// <summary>The request goes to the server.</summary>
    public CacheFill Ask(string key) => Cache.BeginFill(Wire.Bytes(key), Hash(key));

    /// <summary>The answer comes.</summary>
    public static void OpenFill(CacheFill fill, string response)
    {
        ExchangeMoments moments = fill.Moments;
        byte[] bytes = Wire.Bytes(response);
        int headBytes = Wire.Response(response, out ResponseHead head).ConsumedBytes;
        head.Body = BodyLength.Of(2);
        head.IsWellFramed = true;
        fill.Open(bytes.AsSpan(0, headBytes), head.Body, CachePolicy.OfResponse(bytes, head, moments)!.Value, moments);
        if (headBytes < bytes.Length)
            fill.Append(new BodyPiece { Data = bytes.AsSpan(headBytes) });
    }

    public void Store(string key, string response = Fresh + "ok") => BeginFill(key, response).Commit();

    /// <summary>The whole response, or null for a miss.</summary>
    public string? Find(string key, int pieceBytes = 100, long bodyBytesMax = 0)
    {
        CachedResponse response = default;
        if (!TryOpen(key, ref response, bodyBytesMax))
            return null;
        string text = ReadAll(ref response, pieceBytes);
        response.Close();
        return text;
    }

    public bool TryOpen(string key, ref CachedResponse response, long bodyBytesMax = 0) =>
        Cache.TryOpen(Wire.Bytes(key), Hash(key), new CacheDemand { Use = CacheUse.Serve }, bodyBytesMax, ref response);

    /// <summary>Whether the cache has what a request with these fields asks for.</summary>
    public bool Has(string key, string fields)
    {
        string request = $"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n";
        Wire.Request(request, out RequestHead head);
        CacheDemand demand = CachePolicy.OfRequest(Wire.Bytes(request), head);
        CachedResponse response = default;
        bool isThere = (demand.Use & CacheUse.Serve) != 0 && Cache.TryOpen(Wire.Bytes(key), Hash(key), demand, 0, ref response);
        response.Close();
        return isThere;
    }

    /// <summary>What a request with these fields gets of the stored response.</summary>
    public string Ask(string key, string fields)
    {
        string request = $"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n";
        Wire.Request(request, out RequestHead head);
        CachedResponse response = default;
        TryOpen(key, ref response);
        if (Cache.IsNotModified(response, Wire.Bytes(request), head.Fields))
            response.AnswerNotModified();
        string text = ReadAll(ref response, 64 * 1024);
        response.Close();
        return text;
    }

    /// <summary>Head, content and trailer lines, one behind the other; pieces are as long as wanted, plus what the trailer fields take.</summary>
    public static string ReadAll(ref CachedResponse response, int pieceBytes = 100)
    {
        string text = Wire.Text(response.ReadHead(withBody: true, out ResponseHead head));
        byte[] room = new byte[pieceBytes + response.Entry.TrailerBytes];
        for (bool isLast = !head.Body.HasBody; !isLast;)
        {
            BodyPiece piece = response.ReadBody(room);
            text += Wire.Text(piece.Data) + Wire.Text(piece.TrailerLines);
            isLast = piece.IsLast;
        }
        return text;
    }

    public void Change(string key) => Cache.Invalidate(Hash(key));

    private ulong Hash(string key) => Cache.HashOf(Wire.Bytes(key));

    private static UpstreamCacheSettings Settings(long bytes, string more) =>
        SettingsTrial.Parse(SettingsTrial.WithUpstream($"[upstream.cache]\nbytes = {bytes}\n{more}")).Settings.Upstreams[0].Cache;
}
