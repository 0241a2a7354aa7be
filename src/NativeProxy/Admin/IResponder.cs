using System;
using System.Threading.Tasks;

namespace NativeProxy.Admin;

/// <summary>An answer of a small HTTP server.</summary>
/// <param name="StatusCode">Three digits.</param>
/// <param name="ContentType">Media type of the body.</param>
/// <param name="Body">The whole body.</param>
/// <param name="Fields">Further field lines, each with its CRLF; empty for none.</param>
internal readonly record struct SmallResponse(int StatusCode, string ContentType, ReadOnlyMemory<byte> Body, string Fields = "")
{
    /// <summary>The answer itself, where it is not known yet; null where this is it.</summary>
    public Task<SmallResponse>? Later { get; private init; }

    /// <summary>What comes instead of a body, piece by piece, until the connection ends; null where there is a body.</summary>
    public SmallStream? Stream { get; init; }

    /// <summary>An answer that is not known yet.</summary>
    public static SmallResponse After(Task<SmallResponse> later) => new(0, "", default) { Later = later };
}

/// <summary>Answers small requests by responses in memory. Called on the thread pool, for several connections at once.</summary>
internal interface IResponder
{
    /// <summary>Longest body that a request may have; 0 = none at all.</summary>
    int BodyBytesMax => 0;

    /// <summary>Why a request is refused whatever its body is, which is not waited for then; null = it is not.</summary>
    /// <param name="request">The request without its body.</param>
    SmallResponse? RefusalOf(in SmallRequest request) => null;

    /// <param name="request">The whole request.</param>
    SmallResponse Respond(in SmallRequest request);

    /// <summary>Whether this target is answered even while all places are taken by requests that are not done.</summary>
    /// <param name="target">Request target as sent.</param>
    bool IsProbe(ReadOnlySpan<byte> target);
}
