using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Transport.Epoll;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>What is waiting to be handled, and what is known of a descriptor without asking it; on a real epoll descriptor.</summary>
public sealed unsafe class ReadyEventsTests : IDisposable
{
    private const int EventsMax = 32;

    private readonly int _epoll = EpollCalls.Create(EpollCalls.CloseOnExec);
    private readonly WatchTable _watched = new();
    private readonly ReadyEvents _ready;
    private readonly List<Line> _lines = [];
    private long _coarseNowMs = 1000;

    public ReadyEventsTests() => _ready = new ReadyEvents(_epoll, _watched, EventsMax, () => _coarseNowMs);

    public void Dispose()
    {
        foreach (Line line in _lines)
            line.Dispose();
        EpollCalls.Close(_epoll);
    }

    [Fact]
    public void Events_AreTakenOnceEach_InTheOrderInWhichTheyCame()
    {
        Line first = Watch();
        Line second = Watch();
        second.Speak();
        first.Speak();

        Assert.Equal(2, _ready.Wait(timeoutMs: 0));

        Assert.Equal(second.Token, _ready.Take().Data);
        Assert.Equal(first.Token, _ready.Take().Data);
        Assert.Equal(0, _ready.Count);
        Assert.Equal(0, _ready.Wait(timeoutMs: 0));
    }

    [Fact]
    [Trait("promise", "B10")]
    public void DescriptorWhoseEventWaitsToBeHandled_IsNotQuiet()
    {
        Line client = Watch();
        Line server = Watch();
        client.Speak();
        server.Speak();
        _ready.Wait(timeoutMs: 0);

        _ready.Take();

        Assert.False(_ready.HasNothingFor(server.Token));
        Assert.True(_ready.HasNothingFor(client.Token));
    }

    [Fact]
    [Trait("promise", "B10")]
    public void WhatCameMeanwhile_IsKnownAfterAFewEvents()
    {
        Line server = Watch();
        SpeakOn(ReadyEvents.FreshForEvents + 2);
        _ready.Wait(timeoutMs: 0);
        server.Speak();
        Take(ReadyEvents.FreshForEvents);
        Assert.True(_ready.HasNothingFor(server.Token));

        Take(1);

        Assert.False(_ready.HasNothingFor(server.Token));
        Assert.Equal(2, _ready.Count);
        Take(1);
        Assert.Equal(server.Token, _ready.Take().Data);
        Assert.True(_ready.HasNothingFor(server.Token));
    }

    [Fact]
    [Trait("promise", "B10")]
    public void EndThatCameMeanwhile_IsKnownAfterAFewEvents()
    {
        Line server = Watch();
        SpeakOn(ReadyEvents.FreshForEvents + 1);
        _ready.Wait(timeoutMs: 0);
        server.Peer.Shutdown(SocketShutdown.Send);

        Take(ReadyEvents.FreshForEvents + 1);

        Assert.False(_ready.HasNothingFor(server.Token));
        Assert.NotEqual(0u, _ready.Take().Events & EpollCalls.PeerHangUp);
    }

    [Fact]
    [Trait("promise", "B10")]
    public void EndThatCameWhileTheLoopWasKeptFromRunning_IsKnownAtOnce()
    {
        Line server = Watch();
        SpeakOn(1);
        _ready.Wait(timeoutMs: 0);
        server.Peer.Shutdown(SocketShutdown.Send);
        Assert.True(_ready.HasNothingFor(server.Token));

        _coarseNowMs += 4;

        Assert.False(_ready.HasNothingFor(server.Token));
        Take(1);
        Assert.NotEqual(0u, _ready.Take().Events & EpollCalls.PeerHangUp);
    }

    [Fact]
    public void QuietDescriptor_StaysQuiet_HoweverOftenTheKernelIsAsked()
    {
        Line server = Watch();
        for (int round = 0; round < 5; round++)
        {
            SpeakOn(ReadyEvents.FreshForEvents + 1);
            _ready.Wait(timeoutMs: 0);
            while (_ready.Count > 0)
            {
                Assert.True(_ready.HasNothingFor(server.Token));
                _ready.Take();
            }
            Assert.True(_ready.HasNothingFor(server.Token));
        }
    }

    [Fact]
    public void FurtherEventOfAWaitingDescriptor_JoinsTheOneThatWaits()
    {
        Line last = null!;
        for (int i = 0; i < ReadyEvents.FreshForEvents + 2; i++)
        {
            last = Watch();
            last.Speak();
        }
        _ready.Wait(timeoutMs: 0);
        Take(ReadyEvents.FreshForEvents + 1);
        last.Peer.Shutdown(SocketShutdown.Send);

        Assert.False(_ready.HasNothingFor(last.Token));

        Assert.Equal(1, _ready.Count);
        EpollEvent joined = _ready.Take();
        Assert.Equal(last.Token, joined.Data);
        Assert.Equal(EpollCalls.In | EpollCalls.PeerHangUp, joined.Events & (EpollCalls.In | EpollCalls.PeerHangUp));
    }

    [Fact]
    public void MoreEventsThanRoom_LeaveItUnknownWhoIsQuiet()
    {
        Line server = Watch();
        SpeakOn(EventsMax + 1);

        Assert.Equal(EventsMax, _ready.Wait(timeoutMs: 0));

        Assert.False(_ready.HasNothingFor(server.Token));
        Take(EventsMax);
        Assert.True(_ready.HasNothingFor(server.Token));
        Assert.Equal(1, _ready.Count);
    }

    [Fact]
    public void EventsThatWait_MoveUp_WhenThereIsNoRoomBehindThem()
    {
        const int PerRound = ReadyEvents.FreshForEvents + 1;
        const int Rounds = 20;
        Line server = Watch();
        var tokens = new HashSet<ulong>();
        SpeakOn(PerRound);
        _ready.Wait(timeoutMs: 0);
        for (int round = 0; round < Rounds; round++)
        {
            SpeakOn(PerRound);
            for (int i = 0; i < PerRound; i++)
                Assert.True(tokens.Add(_ready.Take().Data), "an event came twice");
            Assert.True(_ready.HasNothingFor(server.Token));
            Assert.Equal(PerRound, _ready.Count);
        }
    }

    [Fact]
    public void WithoutRoomForMore_ItIsUnknownWhoIsQuiet()
    {
        Line server = Watch();
        SpeakOn(EventsMax - 1);
        _ready.Wait(timeoutMs: 0);
        SpeakOn(EventsMax);
        Take(ReadyEvents.FreshForEvents + 1);

        Assert.False(_ready.HasNothingFor(server.Token));
        Take(ReadyEvents.FreshForEvents + 1);
        Assert.False(_ready.HasNothingFor(server.Token));
    }

    [Fact]
    public void EventOfAClosedDescriptor_SaysNothingOfItsSuccessor()
    {
        Line closed = Watch();
        closed.Speak();
        _ready.Wait(timeoutMs: 0);
        _watched.Remove(closed.Token);
        ulong successor = _watched.Add(new Nobody());

        Assert.Equal((uint)closed.Token, (uint)successor);
        Assert.True(_ready.HasNothingFor(successor));
        Assert.Null(_watched.Find(_ready.Take().Data));
        Assert.True(_ready.HasNothingFor(successor));
    }

    private void Take(int count)
    {
        for (int i = 0; i < count; i++)
            _ready.Take();
    }

    private void SpeakOn(int count)
    {
        for (int i = 0; i < count; i++)
            Watch().Speak();
    }

    private Line Watch()
    {
        var line = new Line(_watched.Add(new Nobody()));
        _lines.Add(line);
        var change = new EpollEvent { Events = EpollCalls.In | EpollCalls.PeerHangUp | EpollCalls.EdgeTriggered, Data = line.Token };
        Assert.Equal(0, EpollCalls.Control(_epoll, EpollCalls.Add, line.Descriptor, &change));
        return line;
    }

    private sealed class Nobody : IEpollWatched
    {
        public void OnReady(uint events) => throw new InvalidOperationException("events are taken, not handled");
    }

    /// <summary>A watched socket and its peer.</summary>
    private sealed class Line : IDisposable
    {
        private readonly Socket _near;

        public Line(ulong token)
        {
            Token = token;
            (_near, Peer) = SocketPair.Create();
        }

        public ulong Token { get; }

        public Socket Peer { get; }

        public int Descriptor => (int)_near.SafeHandle.DangerousGetHandle();

        public void Speak() => Peer.Send("x"u8);

        public void Dispose()
        {
            _near.Dispose();
            Peer.Dispose();
        }
    }
}
