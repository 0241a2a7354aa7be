using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Tests.Simulation.Network;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>How a peer writes.</summary>
/// <param name="PieceBytesMax">Most bytes in one write; the sizes vary below it.</param>
/// <param name="GapMsMax">Longest pause between two writes.</param>
/// <param name="StallAt">Before this byte it stalls once; negative = never.</param>
/// <param name="StallMs">For so long.</param>
internal readonly record struct Pace(int PieceBytesMax, int GapMsMax, int StallAt = -1, int StallMs = 0)
{
    public static Pace AtOnce { get; } = new(int.MaxValue, 0);
}

/// <summary>Writes what a peer has to say to its socket: paced, and as far as the window allows. Stops for good when the socket fails.</summary>
internal sealed class PacedWriter(SimulatedSocket socket, Agenda agenda, Dice dice)
{
    private sealed record Item(byte[] Bytes, Pace Pace, Action<int>? Written, Action? Done)
    {
        public int SentBytes { get; set; }

        public bool HasStalled { get; set; }
    }

    private readonly Queue<Item> _items = [];
    private bool _isPlanned;
    private bool _isStopped;

    public bool IsIdle => _items.Count == 0;

    /// <param name="written">Called with the bytes of the item written so far, after each write.</param>
    /// <param name="done">Called when its last byte is written.</param>
    public void Add(byte[] bytes, Pace pace, Action<int>? written = null, Action? done = null)
    {
        _items.Enqueue(new Item(bytes, pace, written, done));
        Plan(0);
    }

    public void Stop()
    {
        _isStopped = true;
        _items.Clear();
    }

    /// <summary>There may be room again.</summary>
    public void Resume() => Plan(0);

    private void Plan(int delayMs)
    {
        if (_isPlanned || _isStopped || _items.Count == 0)
            return;
        _isPlanned = true;
        agenda.After(delayMs, Step);
    }

    private void Step()
    {
        _isPlanned = false;
        if (_isStopped || !_items.TryPeek(out Item? item) || socket.IsClosed)
            return;
        if (item.SentBytes >= item.Pace.StallAt && item.Pace.StallAt >= 0 && !item.HasStalled)
        {
            item.HasStalled = true;
            Plan(item.Pace.StallMs);
            return;
        }
        int left = item.Bytes.Length - item.SentBytes;
        int piece = item.Pace.PieceBytesMax == int.MaxValue ? left : Math.Min(left, dice.Between(1, item.Pace.PieceBytesMax));
        if (!item.HasStalled && item.Pace.StallAt > item.SentBytes)
            piece = Math.Min(piece, item.Pace.StallAt - item.SentBytes);
        int sent = socket.Send(item.Bytes.AsSpan(item.SentBytes, piece), out SocketError error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            Stop();
            return;
        }
        item.SentBytes += sent;
        if (sent > 0)
            item.Written?.Invoke(item.SentBytes);
        if (item.SentBytes < item.Bytes.Length)
        {
            // Without room the socket says when there is some.
            if (error == SocketError.Success)
                Plan(dice.Between(0, item.Pace.GapMsMax));
            return;
        }
        _items.Dequeue();
        item.Done?.Invoke();
        Plan(dice.Between(0, item.Pace.GapMsMax));
    }
}
