namespace NativeProxy.Config;

/// <summary>
/// `[upstream.cache]`: responses that are kept in memory. The scope, and the names of the keys, are those of HAProxy's cache section.
/// </summary>
[SettingsTable(Doc = "A small cache in memory, one per worker; what is changed over one is dropped in all. It keeps complete 200 responses to GET "
    + "that say how long they are fresh (Cache-Control: s-maxage or max-age, or Expires), and none with Vary, Set-Cookie, no-store, private or "
    + "no-cache, or to a request with Authorization. Cookies and X-Forwarded-* of a request are not part of the key: an answer that depends on "
    + "them must not be marked as fresh.")]
internal readonly partial struct UpstreamCacheSettings
{
    [Setting("bytes", Default = 0, Max = "64GiB",
        Doc = "Memory of one worker for kept responses, from 64KiB; the least recently used ones make room. 0 = no cache.")]
    public partial long Bytes { get; init; }

    [Setting("object_bytes", Default = "1MiB", Min = 1, Max = "1GiB",
        Doc = "Largest response that is kept, its head included. HAProxy's max-object-size.")]
    public partial int ObjectBytes { get; init; }

    [Setting("max_age", Default = "60s", Min = "1s", Max = "8760h",
        Doc = "Longest time for which a response is served after it came, however much longer it says it is fresh. HAProxy's max-age.")]
    public partial long MaxAgeMs { get; init; }
}
