namespace NativeProxy.LoadTest.Compare;

/// <summary>What a proxy is configured to do besides passing requests on.</summary>
internal enum ProxyUse
{
    /// <summary>nothing: one listener, one server</summary>
    Plain,

    /// <summary>1,000 routes by host and path, 100 upstreams, 20 rules for fields; the request takes the last route</summary>
    Routes,

    /// <summary>a rate limit by client, which is never reached</summary>
    RateLimit,

    /// <summary>bytes are passed on, whatever they are</summary>
    Relay,

    /// <summary>several servers, each of which takes few requests at once; the others wait in the proxy</summary>
    Slots,
}
