using System.Collections.Generic;

namespace NativeProxy.Admin;

/// <summary>One line of the list of what the API has.</summary>
/// <param name="Method">Of the request.</param>
/// <param name="Path">Words in capitals stand for what the caller knows.</param>
/// <param name="Does">What it does.</param>
internal sealed record ApiPath(string Method, string Path, string Does)
{
    /// <summary>Of a change: how long it holds; null for what changes nothing that could.</summary>
    public string? Lasts { get; init; }
}

/// <summary>One subject of the API: its paths, and who answers there. Whoever asks has been let in. Any thread.</summary>
internal abstract class ApiSubject
{
    /// <summary>Its lines of the list.</summary>
    public abstract IReadOnlyList<ApiPath> Paths { get; }

    /// <summary>The answer; null when the path is none of its own.</summary>
    /// <param name="path">Without its query.</param>
    /// <param name="request">The request.</param>
    public abstract SmallResponse? Respond(string path, in SmallRequest request);
}
