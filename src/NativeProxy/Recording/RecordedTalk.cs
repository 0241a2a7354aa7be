using System.Collections.Generic;
using NativeProxy.Http;

namespace NativeProxy.Recording;

/// <summary>
/// What the two directions of a recorded connection must know of each other: which requests are not answered yet, and until when it is HTTP that they
/// speak. Owner: <see cref="RecordedConnections"/>; any thread, one at a time.
/// </summary>
/// <param name="isOpaque">It never is.</param>
internal sealed class RecordedTalk(bool isOpaque)
{
    private readonly Queue<HttpMethod> _unanswered = [];

    /// <summary>What comes is no HTTP, in either direction: a tunnel, another protocol, or bytes that the proxy does not read.</summary>
    public bool IsOpaque { get; private set; } = isOpaque;

    /// <summary>What comes behind the last request may be another protocol already: its answer will say.</summary>
    public bool IsUncertain { get; private set; }

    /// <summary>A request has come.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="offersUpgrade">It asks to switch the protocol.</param>
    public void Asked(HttpMethod method, bool offersUpgrade)
    {
        _unanswered.Enqueue(method);
        IsUncertain |= offersUpgrade;
    }

    /// <summary>The final answer to the first of them has come. Returns its method.</summary>
    public HttpMethod Answered()
    {
        if (!_unanswered.TryDequeue(out HttpMethod method))
            method = HttpMethod.Get;
        IsUncertain &= _unanswered.Count > 0;
        return method;
    }

    /// <summary>That answer was the end of HTTP.</summary>
    public void Switched() => IsOpaque = true;
}
