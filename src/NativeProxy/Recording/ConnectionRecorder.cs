using System;
using System.Globalization;
using System.Text;
using System.Threading;
using NativeProxy.Foundation;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Recording;

/// <summary>
/// Chooses the connections of one worker that are recorded, and gives them a <see cref="RecordedTap"/>. While nothing is recorded, it is two looks
/// at one word per request, or per connection whose bytes are not read: when it begins, so that what is refused is recorded, too, and when its route
/// is known, so that one route can be. Owner: a <see cref="Recorder"/>; thread: the loop.
/// </summary>
internal sealed class ConnectionRecorder
{
    private readonly RecordingOrder _order;
    private readonly TapRing _ring;
    private readonly LoopClock _clock;
    private RecordingTerms _terms;
    private int _number;

    /// <param name="board">Where the order is, and where the bytes go.</param>
    /// <param name="worker">Which worker it is.</param>
    /// <param name="clock">Of the loop.</param>
    public ConnectionRecorder(RecorderBoard board, int worker, LoopClock clock)
    {
        _order = board.Order;
        _ring = board.Taps(worker);
        _clock = clock;
    }

    /// <summary>Something is to be recorded.</summary>
    public bool IsOn => _order.Number != 0;

    /// <summary>
    /// A client connection on which a request begins, or which begins itself; what comes from now on is recorded if it is one of those that are
    /// wanted.
    /// </summary>
    /// <param name="connection">It.</param>
    /// <param name="asker">Whose it is.</param>
    /// <param name="first">What has just come.</param>
    public void OfferClient(TcpConnection connection, in AskerFacts asker, ReadOnlySpan<byte> first)
    {
        bool isCurrent = IsCurrent();
        if (isCurrent && IsTapped(connection))
            return;
        TakeOff(connection);
        if (isCurrent && _terms.Route.IsEmpty)
            Consider(connection, asker, first);
    }

    /// <summary>
    /// The same when the route of the request is known, which nothing else on its connection runs beside, or that of the connection: for a recording
    /// of one route, which cannot choose before.
    /// </summary>
    /// <param name="connection">It.</param>
    /// <param name="asker">Whose it is, with the route.</param>
    /// <param name="first">What has come of the request and behind it.</param>
    public void OfferRouted(TcpConnection connection, in AskerFacts asker, ReadOnlySpan<byte> first)
    {
        if (!IsCurrent() || IsTapped(connection) || _terms.Route.IsEmpty || !_terms.Route.Equals(asker.Route))
            return;
        TakeOff(connection);
        Consider(connection, asker, first);
    }

    private void Consider(TcpConnection connection, in AskerFacts asker, ReadOnlySpan<byte> first)
    {
        if (_terms.IsOfServers || !Matches(_terms.Listener, asker.Listener))
            return;
        if ((_terms.HasNetwork && !_terms.Network.Contains(asker.Client)) || !_order.TryTakeConnection(_number))
            return;
        Begin(connection, isOfServer: false, string.Create(
            CultureInfo.InvariantCulture, $"listener: {asker.Listener}\nclient: {TextOf(asker.Client)}\nrequests: {asker.RequestNumber}\n"
            + $"{(asker.Port > 0 ? $"port: {asker.Port}\n" : "")}{OpaqueLineOf(asker)}"));
        connection.Tap!.Received(first);
    }

    /// <summary>A server connection that is lent for a request.</summary>
    /// <param name="connection">It.</param>
    /// <param name="upstream">Name of its upstream.</param>
    /// <param name="server">Name of its server.</param>
    /// <param name="useCount">Which use of it begins.</param>
    /// <param name="asker">Whose request it is.</param>
    public void OfferServer(TcpConnection connection, string? upstream, string server, int useCount, in AskerFacts asker)
    {
        bool isCurrent = IsCurrent();
        if (isCurrent && IsTapped(connection) && _terms.IsOfServers && !asker.IsOpaque)
            return;

        // Recorded for the client that used it before: its next user may be another one.
        TakeOff(connection);
        if (!isCurrent)
            return;
        bool isWanted = _terms.IsOfServers
            ? Matches(_terms.Upstream, upstream) && Matches(_terms.Server, server) && _order.TryTakeConnection(_number)
            : asker.Recording == _number;
        if (isWanted)
        {
            Begin(connection, isOfServer: true, string.Create(
                CultureInfo.InvariantCulture, $"upstream: {upstream}\nserver: {server}\naddress: {TextOf(connection.Peer)}\nuse: {useCount}\n"
                + $"client_connection: {asker.ClientConnectionId}\n{OpaqueLineOf(asker)}"));
        }
    }

    /// <summary>What is to hear the connection no more: it was for another use, or for a recording that is over.</summary>
    private static void TakeOff(TcpConnection connection)
    {
        connection.Tap?.Over();
        connection.Tap = null;
    }

    private static string OpaqueLineOf(in AskerFacts asker) => asker.IsOpaque ? "opaque: 1\n" : "";

    private static string TextOf(in PeerAddress address)
    {
        byte[] text = new byte[PeerAddress.TextBytesMax];
        string ip = Encoding.ASCII.GetString(text, 0, address.WriteText(text));
        return address.AddressBytes == 16 ? $"[{ip}]:{address.Port}" : $"{ip}:{address.Port}";
    }

    private static bool Matches(in ShortText wanted, string? name) => wanted.IsEmpty || wanted.Equals(name);

    private bool IsTapped(TcpConnection connection) => connection.Tap is RecordedTap tap && tap.Number == _number && _number != 0;

    /// <summary>Whether something is recorded now, with the terms at hand.</summary>
    private bool IsCurrent()
    {
        int number = _order.Number;
        if (number == 0)
            return false;
        if (number != _number)
        {
            _terms = _order.Terms;

            // Another one may have begun meanwhile: then at the next look. The terms must have been read before the number is looked at again.
            Interlocked.MemoryBarrier();
            if (_order.Number != number)
                return false;
            _number = number;
        }
        if (_clock.WallMs < _terms.UntilWallMs)
            return true;
        _order.End(number);
        return false;
    }

    private void Begin(TcpConnection connection, bool isOfServer, string facts)
    {
        var tap = new RecordedTap(_order, _number, _ring, _clock, connection.Id, isOfServer, isForUse: isOfServer && !_terms.IsOfServers);
        connection.Tap = tap;
        tap.Open(Encoding.ASCII.GetBytes(facts));
    }
}
