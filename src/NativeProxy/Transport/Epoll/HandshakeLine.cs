using System.Collections.Generic;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// Lets few handshakes take a step in one turn of the loop. A step can cost as much as a hundred small requests (a signature), so that a wave of new
/// connections would hold up everyone else for a batch of events; here the rest of the wave stands in line, first come, first served, and each turn
/// begins with what is ready for others. Owner: the loop; thread: its own. Holds each connection once at most; one that is gone meanwhile keeps its
/// place, and is passed over when its turn comes, which costs nobody a step.
/// </summary>
internal sealed class HandshakeLine
{
    /// <summary>Steps in one turn: some 5 ms at most with RSA of 2048 bits.</summary>
    public const int StepsPerTurnMax = 8;

    private readonly Queue<(EpollConnection Connection, long Id)> _waiting = new();
    private int _steps;
    private bool _isServing;

    /// <summary>Nobody waits for the next turn.</summary>
    public bool IsEmpty => _waiting.Count == 0;

    /// <summary>A turn begins.</summary>
    public void BeginTurn() => _steps = 0;

    /// <summary>True when this connection may read for its handshake now; else it waits in line, and is told to go on.</summary>
    public bool MayStep(EpollConnection connection)
    {
        if (_isServing)
            return true;
        if (IsEmpty && _steps < StepsPerTurnMax)
        {
            _steps++;
            return true;
        }
        if (connection.TryStandInLine())
            _waiting.Enqueue((connection, connection.Id));
        return false;
    }

    /// <summary>The events of the turn are handled: the longest in line go on, as many as may.</summary>
    public void Serve()
    {
        _isServing = true;
        while (_steps < StepsPerTurnMax && _waiting.TryDequeue(out (EpollConnection Connection, long Id) first))
        {
            if (first.Connection.Id != first.Id)
                continue;
            _steps++;
            first.Connection.LeaveLine();
        }
        _isServing = false;
    }
}
