using System;
using System.Runtime.InteropServices;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// The events that the kernel has reported and the loop has not handled yet, in the order in which they came. So it can also say that nothing
/// has come for a descriptor, mostly without a system call. Owner: the loop; thread: the loop. Never handles an event.
/// </summary>
internal sealed unsafe class ReadyEvents
{
    /// <summary>Room for events in a loop. What the kernel has to report beyond that waits in the kernel.</summary>
    public const int EventsMaxDefault = 4096;

    /// <summary>
    /// For so many handled events what the kernel last said counts as its present opinion: about a hundred microseconds, in which nothing is waited
    /// for. What a peer sends within that time might as well have come right after a look at its socket. The system's coarse clock bounds it too:
    /// a loop that was kept from running (preempted, frozen) asks anew, however few events it has handled.
    /// </summary>
    public const int FreshForEvents = 8;

    private readonly int _epoll;
    private readonly WatchTable _watched;
    private readonly EpollEvent[] _events;
    private readonly Func<long> _coarseNowMs;
    private long _askedAtMs;
    private int _next;
    private int _end;
    private int _takenSinceFetch;

    /// <summary>True when the kernel, last asked, had no more to report than what it did.</summary>
    private bool _isWhole;

    /// <param name="epoll">Descriptor that is asked for events; the caller's.</param>
    /// <param name="watched">What the tokens of the events stand for.</param>
    /// <param name="eventsMax">Room for events.</param>
    /// <param name="coarseNowMs">A clock that costs next to nothing and goes on every few ms; the system's when null.</param>
    public ReadyEvents(int epoll, WatchTable watched, int eventsMax = EventsMaxDefault, Func<long>? coarseNowMs = null)
    {
        _epoll = epoll;
        _watched = watched;
        _coarseNowMs = coarseNowMs ?? (static () => Environment.TickCount64);
        _events = GC.AllocateArray<EpollEvent>(eventsMax, pinned: true);
    }

    /// <summary>Events to be handled.</summary>
    public int Count => _end - _next;

    /// <summary>Waits for events; only when there are none. Returns how many came; negative when the wait was interrupted.</summary>
    /// <param name="timeoutMs">How long; -1 = without a limit.</param>
    public int Wait(int timeoutMs)
    {
        _next = _end = 0;
        int count = EpollCalls.Wait(_epoll, At(0), _events.Length, timeoutMs);
        _askedAtMs = _coarseNowMs();
        return Keep(count, _events.Length);
    }

    /// <summary>Takes the oldest event; only when there is one.</summary>
    public EpollEvent Take()
    {
        EpollEvent taken = _events[_next++];
        _watched.Taken(taken.Data);
        _takenSinceFetch++;
        if (_next < _end)
            _watched.Prefetch(_events[_next].Data);
        return taken;
    }

    /// <summary>
    /// True when the kernel has reported nothing of a descriptor that would not have been handled, as of <see cref="FreshForEvents"/> events ago at
    /// the latest and within the same tick of the coarse clock. The descriptor is one that is watched edge-triggered and was found empty when it was
    /// last read. False also when that is not known.
    /// </summary>
    public bool HasNothingFor(ulong token)
    {
        long nowMs = _coarseNowMs();
        if (_takenSinceFetch > FreshForEvents || nowMs != _askedAtMs)
            FetchMore(nowMs);
        return _isWhole && !_watched.IsReported(token);
    }

    /// <summary>Asks for what has come meanwhile, without waiting.</summary>
    private void FetchMore(long nowMs)
    {
        _askedAtMs = nowMs;

        // So each event is moved once at most, on average.
        if (_next >= _events.Length / 2)
            MoveToFront();
        int room = _events.Length - _end;
        if (room > 0)
            Keep(EpollCalls.Poll(_epoll, At(_end), room, timeoutMs: 0), room);
        else
            _isWhole = false;
    }

    private void MoveToFront()
    {
        int waiting = Count;
        Array.Copy(_events, _next, _events, 0, waiting);
        (_next, _end) = (0, waiting);
    }

    /// <summary>Marks what was reported, which stands behind the waiting events. What is there already, only its flags grow.</summary>
    private int Keep(int count, int room)
    {
        _isWhole = (uint)count < (uint)room;
        _takenSinceFetch = 0;
        int end = _end + Math.Max(0, count);
        for (int i = _end; i < end; i++)
        {
            EpollEvent reported = _events[i];
            if (!_watched.TryReport(reported.Data))
            {
                WaitingFor(reported.Data).Events |= reported.Events;
                continue;
            }
            if (_end != i)
                _events[_end] = reported;
            _end++;
        }
        return count;
    }

    private ref EpollEvent WaitingFor(ulong token)
    {
        int index = _next;
        while (_events[index].Data != token)
            index++;
        return ref _events[index];
    }

    private EpollEvent* At(int index) => (EpollEvent*)Marshal.UnsafeAddrOfPinnedArrayElement(_events, index);
}
