using System;

namespace NativeProxy.Transport;

/// <summary>
/// The receiving direction of one connection: whether its owner wants bytes and expects any, what has come, and how it ended. Owner: the
/// connection (a mutable struct: keep it in a field, never copy it), which it is given where it asks for bytes; thread: its loop. Never reads
/// the socket and never calls the connection's owner.
/// </summary>
internal struct ReceiveSide
{
    private bool _isWanted;
    private bool _isDelayed;

    /// <summary>True when nothing more comes: after FIN, or an error.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>True when it ended without an error.</summary>
    public bool FinSeen { get; private set; }

    /// <summary>How long after the opening the first byte came, in ms.</summary>
    public int FirstByteAfterMs { get; private set; }

    /// <summary>Bytes that have come.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>True when the engine may be asked for bytes, as far as this direction is concerned.</summary>
    public readonly bool MayReceive => _isWanted && !_isDelayed && !HasEnded;

    /// <summary>Makes the side ready for a new socket.</summary>
    public void Begin()
    {
        _isWanted = _isDelayed = HasEnded = FinSeen = false;
        ReceivedBytes = 0;
    }

    /// <summary>See <see cref="TcpConnection.StartReceive"/>.</summary>
    public void Start(TcpConnection connection)
    {
        if (_isWanted)
            return;
        _isWanted = true;
        AskSoon(connection);
    }

    /// <summary>See <see cref="TcpConnection.PauseReceive"/>.</summary>
    public void Pause() => _isWanted = false;

    /// <summary>See <see cref="TcpConnection.DelayReceive"/>.</summary>
    public void DelayReceive(TcpConnection connection)
    {
        if (_isDelayed)
            return;
        _isDelayed = true;
        connection.Loop.PutOff.DelayReceive(connection);
    }

    /// <summary>See <see cref="TcpConnection.EndReceiveDelay"/>.</summary>
    public void EndReceiveDelay(TcpConnection connection)
    {
        if (!_isDelayed)
            return;
        _isDelayed = false;
        if (_isWanted)
            AskSoon(connection);
    }

    /// <summary>Bytes have come.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="bytes">They; not none.</param>
    public void Count(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Count(bytes.Length, connection.Loop.Clock.NowMs - connection.OpenedAtMs);
        connection.Tap?.Received(bytes);
    }

    /// <summary>Bytes have come that nobody reads.</summary>
    /// <param name="bytes">How many; not 0.</param>
    /// <param name="ageMs">Time since the connection was opened.</param>
    public void Count(int bytes, long ageMs)
    {
        if (ReceivedBytes == 0)
            FirstByteAfterMs = (int)Math.Min(ageMs, int.MaxValue);
        ReceivedBytes += bytes;
    }

    /// <summary>Nothing more comes.</summary>
    public void End(TcpConnection connection, bool isFin)
    {
        HasEnded = true;
        FinSeen = isFin;
        connection.Tap?.ReceivedEnd(isFin);
    }

    /// <summary>What has ended was not the stream.</summary>
    public void Reopen() => _isWanted = HasEnded = FinSeen = false;

    /// <summary>Asks for bytes at the end of the turn, if none can be on their way already.</summary>
    public readonly void AskSoon(TcpConnection connection)
    {
        if ((!connection.ReceiveInFlight || connection.HasFound) && connection.State == TcpConnectionState.Open && !HasEnded)
            connection.Loop.Defer(connection, DeferredWork.Receive);
    }
}
