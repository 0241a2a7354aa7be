using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A proxy with a cache, and what it counts about it.</summary>
internal static class CacheScene
{
    public const string Hits = "nativeproxy_cache_hits_total";
    public const string Stores = "nativeproxy_cache_stores_total";
    public const string FetchesAlone = "nativeproxy_cache_fetches_alone_total";
    public const string BytesHeld = "nativeproxy_cache_held_bytes";
    public const string Fresh = "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n";

    public static ProxyConfig Config(params ScriptedOrigin[] origins) => ProxyConfig.For(origins).Upstream("cache.bytes = \"8MiB\"");

    /// <summary>A response that may be kept.</summary>
    public static string Answer(string body) => $"{Fresh}Content-Length: {body.Length}\r\n\r\n{body}";
}
