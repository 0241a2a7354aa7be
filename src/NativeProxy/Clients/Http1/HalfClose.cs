namespace NativeProxy.Clients.Http1;

/// <summary>
/// A client that has sent FIN behind requests that are not answered yet: whether it is answered all the same, every request that came whole before
/// it, in order, the last with <c>Connection: close</c>. Part of a <see cref="ClientInput"/> (a mutable struct: keep it in a field, never copy it);
/// thread: the loop. Never ends the connection.
/// </summary>
internal struct HalfClose
{
    /// <summary>The client has sent FIN, and is answered all the same.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>The client has sent FIN. True when it is answered all the same.</summary>
    /// <param name="frontend">Whose policy holds.</param>
    /// <param name="waiting">Requests that have come whole and have not begun.</param>
    /// <param name="latest">The latest request that has begun; null between two.</param>
    public bool TryBegin(Frontend frontend, in WholeRequests waiting, Http1ClientStream? latest) => IsAnswered = latest is null
        ? waiting.Count > 0 && frontend.HalfClosed.TryAnswer(waiting.AreByHalfCloser)
        : latest.RequestIsComplete && frontend.HalfClosed.TryAnswer(IsWorthFinishing(latest));

    /// <summary>True when a client that has just been found to have sent FIN behind this request would be answered.</summary>
    public static bool WouldAnswer(Frontend frontend, Http1ClientStream latest) =>
        latest.RequestIsComplete && frontend.HalfClosed.WouldAnswer(IsWorthFinishing(latest));

    /// <summary>The connection ends.</summary>
    public void End(Frontend frontend)
    {
        if (IsAnswered)
            frontend.HalfClosed.Ended();
        IsAnswered = false;
    }

    private static bool IsWorthFinishing(Http1ClientStream stream) => stream.Facts.IsByHalfCloser || stream.User.IsWorthFinishing;
}
