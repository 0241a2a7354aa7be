using System;

namespace NativeProxy.Http1;

/// <summary>The methods that the proxy treats specially; every other token is <see cref="Other"/> and passes as it is.</summary>
internal enum HttpMethod : byte
{
    Other,
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Trace,
    Connect,
    Patch,
}

/// <summary>Properties of methods as RFC 9110 section 9.2 defines them. An unknown method has none of them.</summary>
internal static class HttpMethods
{
    /// <summary>Case-sensitive (RFC 9110 section 9.1): "get" is <see cref="HttpMethod.Other"/>.</summary>
    public static HttpMethod Find(ReadOnlySpan<byte> token) => token.Length switch
    {
        3 when token.SequenceEqual("GET"u8) => HttpMethod.Get,
        3 when token.SequenceEqual("PUT"u8) => HttpMethod.Put,
        4 when token.SequenceEqual("POST"u8) => HttpMethod.Post,
        4 when token.SequenceEqual("HEAD"u8) => HttpMethod.Head,
        5 when token.SequenceEqual("PATCH"u8) => HttpMethod.Patch,
        5 when token.SequenceEqual("TRACE"u8) => HttpMethod.Trace,
        6 when token.SequenceEqual("DELETE"u8) => HttpMethod.Delete,
        7 when token.SequenceEqual("OPTIONS"u8) => HttpMethod.Options,
        7 when token.SequenceEqual("CONNECT"u8) => HttpMethod.Connect,
        _ => HttpMethod.Other,
    };

    /// <summary>RFC 9110 section 9.2.1.</summary>
    public static bool IsSafe(this HttpMethod method) =>
        method is HttpMethod.Get or HttpMethod.Head or HttpMethod.Options or HttpMethod.Trace;

    /// <summary>RFC 9110 section 9.2.2: the safe methods, PUT and DELETE.</summary>
    public static bool IsIdempotent(this HttpMethod method) =>
        method.IsSafe() || method is HttpMethod.Put or HttpMethod.Delete;
}
