using System;
using System.Net;
using System.Threading;

namespace NativeProxy.Admin;

/// <summary>
/// Tells of TLS handshakes with a small HTTP server that came to nothing: of one in a second at most, with the number of those that were not told
/// before it. Owner: the server; any thread.
/// </summary>
/// <param name="say">Gets a line for the log; must not block.</param>
/// <param name="time">Whose clock it follows.</param>
internal sealed class FailedHandshakes(Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long? _toldAt;
    private int _untold;

    /// <summary>One has failed.</summary>
    /// <param name="client">Whose it was; null where it has no address.</param>
    /// <param name="reason">For people, to be read after the client.</param>
    public void Tell(IPAddress? client, string reason)
    {
        int untold;
        lock (_gate)
        {
            untold = _untold++;
            if (_toldAt is { } last && time.GetElapsedTime(last) < Pause)
                return;
            (_toldAt, _untold) = (time.GetTimestamp(), 0);
        }
        string others = untold > 0 ? $"; {untold} more failed since the last line" : "";
        say($"admin: no TLS with {client?.ToString() ?? "a client of this machine"}: {reason}{others}");
    }
}
