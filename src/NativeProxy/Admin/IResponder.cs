using System;
using NativeProxy.Http1;

namespace NativeProxy.Admin;

/// <summary>An answer of a small HTTP server: status, media type, body.</summary>
internal readonly record struct SmallResponse(int StatusCode, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>Answers requests without a body by whole responses in memory; runs on the loop thread, so it must be quick.</summary>
internal interface IResponder
{
    /// <param name="method">Method of the request.</param>
    /// <param name="target">Request target as sent.</param>
    SmallResponse Respond(HttpMethod method, ReadOnlySpan<byte> target);
}
