using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using NativeProxy.Transport.Epoll;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>A wave of handshakes on the direct engine, whose turns are batches: few steps in a turn, others in between, all get there.</summary>
public sealed class HandshakeLineTests
{
    private const int ClientCount = 60;

    [Fact]
    public async Task WaveOfHandshakes_TakesFewStepsInATurn_AndHoldsNobodyElseUp()
    {
        using var test = new LoopUnderTest(isEpoll: true);
        var security = new RecordSecurity(new RecordOptions(7));
        var acceptor = new Acceptor();
        using Socket listening = Peers.Listen();
        TcpListenerSocket listener = await Listen(test, listening, acceptor, security);
        var turns = new TurnCounter(test.Loop);
        security.WhenOpened = turns.Step;
        long turnOfPlain = long.MaxValue;
        using Socket plainListening = Peers.Listen();
        var plain = new RecordingOwner { WhenReceived = (_, _) => turnOfPlain = turns.Turn };
        await test.Run(() => test.Loop.Connect((IPEndPoint)plainListening.LocalEndPoint!, plain, SocketTuning.Default).StartReceive());
        using Socket plainPeer = Peers.Accept(plainListening);
        await plain.UntilSeen("connected");
        List<Client> clients = [.. Enumerable.Range(0, ClientCount).Select(i => Client.Connect(listening, seed: i))];
        await test.Until(() => acceptor.Connections.Count == ClientCount, "all accepted");

        // All speak while the loop looks away: it finds them ready at once, and last the one without a handshake.
        using var allHaveSpoken = new ManualResetEventSlim();
        Task held = test.Run(() =>
        {
            allHaveSpoken.Wait(LoopUnderTest.Deadline);
            turns.Begin();
        });
        clients.ForEach(static client => client.Ship());
        plainPeer.Send("a small request"u8);
        allHaveSpoken.Set();
        await held;
        await UntilSecured(test, acceptor, clients);

        Assert.InRange(turns.StepsAtMost, 2, HandshakeLine.StepsPerTurnMax);
        Assert.InRange(turnOfPlain, TurnCounter.NotBegun, 2);
        Assert.True(turns.Turn > ClientCount / HandshakeLine.StepsPerTurnMax);
        await test.Run(() =>
        {
            turns.End();
            acceptor.AbortAll();
            listener.Close();
        });
        clients.ForEach(static client => client.Dispose());
    }

    /// <summary>Those who leave while they stand in line, and whose objects serve new connections, change nothing for the others.</summary>
    [Fact]
    public async Task ClientsThatLeaveTheLine_ArePassedOver()
    {
        using var test = new LoopUnderTest(isEpoll: true);
        var security = new RecordSecurity(new RecordOptions(8));
        var acceptor = new Acceptor();
        using Socket listening = Peers.Listen();
        TcpListenerSocket listener = await Listen(test, listening, acceptor, security);
        for (int round = 1; round <= 4; round++)
        {
            int seed = round * 1000;
            List<Client> clients = [.. Enumerable.Range(0, ClientCount).Select(i => Client.Connect(listening, seed + i))];
            await test.Until(() => acceptor.Connections.Count == ClientCount, "all accepted");
            using var allHaveSpoken = new ManualResetEventSlim();
            Task held = test.Run(() => allHaveSpoken.Wait(LoopUnderTest.Deadline));
            clients.ForEach(static client => client.Ship());
            Task left = test.Run(() => acceptor.Connections.Where(static (_, i) => i % 3 == 0).ToList().ForEach(acceptor.Abort));
            allHaveSpoken.Set();
            await held;
            await left;
            await UntilSecured(test, acceptor, clients);
            await test.Run(acceptor.AbortAll);
            await test.AssertEmpty();
            clients.ForEach(static client => client.Dispose());
        }
        await test.Run(listener.Close);
        Assert.Equal(0, security.LentCount);
    }

    private static Task<TcpListenerSocket> Listen(LoopUnderTest test, Socket listening, Acceptor acceptor, RecordSecurity security) => test.Run(() =>
    {
        TcpListenerSocket listener = test.Loop.Listen(listening, acceptor, SocketTuning.Default);
        listener.Security = security;
        listener.Resume();
        return listener;
    });

    /// <summary>Every connection that is left has finished its handshake.</summary>
    private static async Task UntilSecured(LoopUnderTest test, Acceptor acceptor, List<Client> clients)
    {
        DateTime latest = DateTime.UtcNow + LoopUnderTest.Deadline;
        while (!await test.Run(() => acceptor.Connections.TrueForAll(static connection => connection.State == TcpConnectionState.Open)))
        {
            Assert.True(DateTime.UtcNow < latest, "a handshake stands still");
            clients.ForEach(static client => client.Pump());
        }
    }

    /// <summary>A client of the records' handshake.</summary>
    private sealed class Client(Socket socket, RecordSession session) : IDisposable
    {
        public static Client Connect(Socket listening, int seed)
        {
            var session = new RecordSession(isServer: false, new RecordOptions((ulong)seed));
            session.Begin();
            return new Client(Peers.Connect(listening), session);
        }

        public void Ship()
        {
            socket.Send(session.Output.WrittenSpan, SocketFlags.None, out _);
            session.Output.ResetWrittenCount();
        }

        public void Pump()
        {
            byte[] bytes = new byte[socket.Available];
            int count = bytes.Length == 0 ? 0 : socket.Receive(bytes, SocketFlags.None, out _);
            session.Feed(bytes.AsSpan(0, count));
            Ship();
        }

        public void Dispose() => socket.Dispose();
    }

    /// <summary>Counts turns of the loop, and steps of handshakes in each.</summary>
    private sealed class TurnCounter(EventLoop loop) : LoopWork
    {
        public const long NotBegun = -1;

        private bool _isOn;
        private int _steps;

        public long Turn { get; private set; } = NotBegun;

        public int StepsAtMost { get; private set; }

        public void Begin()
        {
            _isOn = true;
            _steps = 0;
            loop.Soon(this);
        }

        public void End() => _isOn = false;

        public void Step() => StepsAtMost = Math.Max(StepsAtMost, _isOn ? ++_steps : 0);

        public override void Run()
        {
            Turn++;
            _steps = 0;
            if (_isOn)
                loop.Soon(this);
        }
    }

    /// <summary>Keeps what is accepted. Thread: the loop.</summary>
    private sealed class Acceptor : IConnectionAcceptor
    {
        public List<TcpConnection> Connections { get; } = [];

        public bool MayAccept => true;

        public void OnAccepted(TcpConnection connection)
        {
            Connections.Add(connection);
            connection.SetOwner(new RecordingOwner { WhenFailed = Abort });
        }

        public void OnAcceptFailed(SocketError error) => throw new SocketException((int)error);

        public void Abort(TcpConnection connection)
        {
            Connections.Remove(connection);
            connection.Abort();
        }

        public void AbortAll() => Connections.ToList().ForEach(Abort);
    }
}
