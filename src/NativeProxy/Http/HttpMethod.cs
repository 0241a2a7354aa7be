using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NativeProxy.Http;

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
    /// <summary>Length of the method that a line begins with, if it is one of the more common ones and a SP is behind it.</summary>
    /// <param name="line">The first eight bytes of the line, the first one lowest.</param>
    /// <returns>Zero for other methods.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CommonBytes(ulong line, out HttpMethod method)
    {
        if ((uint)line == MemoryMarshal.Read<uint>("GET "u8))
        {
            method = HttpMethod.Get;
            return 3;
        }

        method = FindLessCommon(line);
        return ((ReadOnlySpan<byte>)[0, 3, 4, 4, 3, 6, 7, 5, 7, 5])[(int)method];
    }

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static HttpMethod FindLessCommon(ulong line)
    {
        if (line << 24 == Word("\0\0\0POST "u8))
            return HttpMethod.Post;

        if (line << 24 == Word("\0\0\0HEAD "u8))
            return HttpMethod.Head;

        if (line << 32 == Word("\0\0\0\0PUT "u8))
            return HttpMethod.Put;

        if (line << 8 == Word("\0DELETE "u8))
            return HttpMethod.Delete;

        if (line << 16 == Word("\0\0PATCH "u8))
            return HttpMethod.Patch;

        return line == Word("OPTIONS "u8) ? HttpMethod.Options : HttpMethod.Other;
    }

    private static ulong Word(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ulong>(bytes);

    /// <summary>RFC 9110 section 9.2.1.</summary>
    public static bool IsSafe(this HttpMethod method) =>
        method is HttpMethod.Get or HttpMethod.Head or HttpMethod.Options or HttpMethod.Trace;

    /// <summary>RFC 9110 section 9.2.2: the safe methods, PUT and DELETE.</summary>
    public static bool IsIdempotent(this HttpMethod method) =>
        method.IsSafe() || method is HttpMethod.Put or HttpMethod.Delete;
}
