using System.Collections.Generic;
using System.Threading;

namespace NativeProxy.Admin;

/// <summary>Where a connection stands in <see cref="ConnectionPlaces"/>.</summary>
internal enum PlaceState : byte
{
    /// <summary>It has no place, or has lost it.</summary>
    None,

    /// <summary>Nothing of a request has come yet, or nothing of the next one: it gives way to a new connection.</summary>
    Idle,

    /// <summary>A request is being read or answered.</summary>
    Busy,

    /// <summary>One of the places for probes.</summary>
    Probe,
}

/// <summary>A connection that has a place.</summary>
internal abstract class PlaceHolder
{
    /// <summary>Changed by <see cref="ConnectionPlaces"/> only.</summary>
    internal PlaceState State { get; set; }

    /// <summary>Where it waits among those that may have to give way.</summary>
    internal LinkedListNode<PlaceHolder>? Turn { get; set; }

    /// <summary>The place is lost: the connection must end. Called on the thread that needs the place; must not block.</summary>
    public abstract void GiveWay();
}

/// <summary>
/// Which connections a small server has, so that a new one always finds a place: it takes a free one; else that of the connection that has
/// idled longest, silent ones included; else, while each is in the middle of a request, one of the few places for probes, of which the one
/// taken longest ago gives way. Any thread; a lock guards it, and nobody is called under it.
/// </summary>
internal sealed class ConnectionPlaces(int placesMax, int probePlacesMax)
{
    private readonly Lock _gate = new();

    /// <summary>Idle connections, those that have idled longest first.</summary>
    private readonly LinkedList<PlaceHolder> _idle = [];

    /// <summary>Connections on places for probes, those that came first first.</summary>
    private readonly LinkedList<PlaceHolder> _probes = [];
    private int _taken;

    /// <summary>Gives a new connection a place and tells the one that loses it. The new one is Idle or Probe then.</summary>
    public void Take(PlaceHolder connection)
    {
        PlaceHolder? displaced = null;
        lock (_gate)
        {
            if (_taken < placesMax)
            {
                _taken++;
                Wait(connection, PlaceState.Idle, _idle);
            }
            else if (_idle.First is { Value: var idle })
            {
                displaced = idle;
                Withdraw(idle);
                Wait(connection, PlaceState.Idle, _idle);
            }
            else
            {
                if (_probes.Count == probePlacesMax)
                    Withdraw(displaced = _probes.First!.Value);
                Wait(connection, PlaceState.Probe, _probes);
            }
        }
        displaced?.GiveWay();
    }

    /// <summary>Something of a request has come. False when the place has been lost already.</summary>
    public bool Begin(PlaceHolder connection)
    {
        lock (_gate)
        {
            if (connection.State == PlaceState.Idle)
            {
                _idle.Remove(connection.Turn!);
                connection.State = PlaceState.Busy;
            }
            return connection.State != PlaceState.None;
        }
    }

    /// <summary>A request has been answered: the next one may come.</summary>
    public void Rest(PlaceHolder connection)
    {
        lock (_gate)
        {
            if (connection.State == PlaceState.Busy)
                Wait(connection, PlaceState.Idle, _idle);
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Leave(PlaceHolder connection)
    {
        lock (_gate)
        {
            if (connection.State is PlaceState.Idle or PlaceState.Busy)
                _taken--;
            Withdraw(connection);
        }
    }

    /// <summary>Something that all connections need is short: the one that has idled longest ends, if there is one.</summary>
    public void EndOldestIdle()
    {
        PlaceHolder? oldest;
        lock (_gate)
        {
            oldest = _idle.First?.Value;
            if (oldest is null)
                return;
            _taken--;
            Withdraw(oldest);
        }
        oldest.GiveWay();
    }

    private static void Wait(PlaceHolder connection, PlaceState state, LinkedList<PlaceHolder> line)
    {
        connection.State = state;
        connection.Turn = line.AddLast(connection);
    }

    private static void Withdraw(PlaceHolder connection)
    {
        if (connection.State is PlaceState.Idle or PlaceState.Probe)
            connection.Turn!.List!.Remove(connection.Turn);
        connection.State = PlaceState.None;
        connection.Turn = null;
    }
}
