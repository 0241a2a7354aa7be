using System;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Tls;

/// <summary>How far a handshake is.</summary>
internal enum HandshakeStep
{
    /// <summary>the server's turn</summary>
    WaitsForBytes,

    /// <summary>the socket takes no more now</summary>
    WaitsForRoom,

    /// <summary>the connection is usable</summary>
    Done,

    /// <summary>it is not, and will not be</summary>
    Failed,
}

/// <summary>
/// The client's side of TLS on a non-blocking socket, one connection after the other. Owns OpenSSL's connection and the session of the last one,
/// not the socket. Receives and sends as <see cref="TcpSocket"/> does. Thread: that of its <see cref="TlsClient"/>.
/// </summary>
internal sealed unsafe class TlsSide(TlsClient client) : IDisposable
{
    private const int SetServerName = 55;

    private nint _connection;
    private nint _session;
    private bool _isFirst = true;

    /// <summary>What every further call of <see cref="Receive"/> returns, since the stream has ended or broken; null = it has not.</summary>
    private int? _end;

    /// <summary>True exactly while there is something to receive that the kernel does not tell of.</summary>
    public bool HasMore { get; private set; }

    /// <summary>A new connection; the socket is connected.</summary>
    public void Begin(int descriptor)
    {
        _connection = OpenSsl.Make(client.Context);
        OpenSsl.SetDescriptor(_connection, descriptor);
        OpenSsl.BeClient(_connection);
        fixed (byte* name = "localhost"u8)
            OpenSsl.Control(_connection, SetServerName, 0, name);
        if (_session != 0)
            OpenSsl.OfferSession(_connection, _session);
    }

    /// <summary>Goes on with the handshake as far as the socket allows.</summary>
    /// <param name="problem">What went wrong, exactly when it has failed.</param>
    public HandshakeStep Advance(out string? problem)
    {
        problem = null;
        int outcome = OpenSsl.Handshake(_connection);
        if (outcome == 1)
            problem = Complaint();
        else if (OpenSsl.ErrorOf(_connection, outcome) is (OpenSsl.WantsRead or OpenSsl.WantsWrite) and var wish)
            return wish == OpenSsl.WantsRead ? HandshakeStep.WaitsForBytes : HandshakeStep.WaitsForRoom;
        else
            problem = "handshake: " + OpenSsl.TakeError();
        client.Count(problem is not null ? new(0, 0, 1) : OpenSsl.IsResumed(_connection) != 0 ? new(0, 1, 0) : new(1, 0, 0));
        _isFirst = false;
        return problem is null ? HandshakeStep.Done : HandshakeStep.Failed;
    }

    /// <summary>Bytes received, 0 at the end of the stream, <see cref="TcpSocket.Blocked"/> or <see cref="TcpSocket.Broken"/>.</summary>
    public int Receive(byte* bytes, int countMax)
    {
        int total = 0;
        HasMore = false;
        while (_end is null && total < countMax)
        {
            int count = OpenSsl.Read(_connection, bytes + total, countMax - total);
            if (count <= 0)
                return total == 0 ? Outcome(count) : Finished(total, Outcome(count));
            total += count;
            // What OpenSSL has not taken from the kernel yet is told of by the kernel.
            if (total < countMax && OpenSsl.HasPending(_connection) == 0)
                return total;
        }
        HasMore = _end is null;
        return _end ?? total;
    }

    /// <summary>Bytes accepted, <see cref="TcpSocket.Blocked"/> or <see cref="TcpSocket.Broken"/>. What was not accepted must be sent next.</summary>
    public int Send(byte* bytes, int count)
    {
        if (_end == TcpSocket.Broken)
            return TcpSocket.Broken;
        int sent = OpenSsl.Write(_connection, bytes, count);
        return sent > 0 ? sent : Outcome(sent) == TcpSocket.Blocked ? TcpSocket.Blocked : TcpSocket.Broken;
    }

    /// <summary>The connection is over; its session is kept where the next one shall resume it.</summary>
    public void End()
    {
        if (_connection == 0)
            return;
        if (client.Use == TlsUse.Resumed)
            KeepSession();
        // Otherwise OpenSSL takes the session for that of a broken connection, which must not be resumed.
        OpenSsl.SetShutdown(_connection, OpenSsl.ShutdownBoth);
        OpenSsl.Free(_connection);
        _connection = 0;
        _end = null;
        HasMore = false;
    }

    public void Dispose()
    {
        End();
        if (_session != 0)
            OpenSsl.FreeSession(_session);
        _session = 0;
    }

    /// <summary>Why the handshake that has come to its end is not the one that is measured, or null.</summary>
    private string? Complaint()
    {
        int version = OpenSsl.VersionOf(_connection), cipher = OpenSsl.CipherId(OpenSsl.CipherOf(_connection));
        if (version != OpenSsl.Version13 || cipher != OpenSsl.CipherAes128)
            return $"handshake: version {version:x} and cipher suite {cipher:x} instead of {OpenSsl.Version13:x} and {OpenSsl.CipherAes128:x}";
        bool isResumed = OpenSsl.IsResumed(_connection) != 0, isWanted = client.Use == TlsUse.Resumed && !_isFirst;
        return isResumed == isWanted ? null
            : isResumed ? "handshake: resumed though no session was offered"
            : _session == 0 ? "handshake: full, since the server has given no session that can be resumed"
            : "handshake: full, though a session was offered";
    }

    private void KeepSession()
    {
        if (_session != 0)
            OpenSsl.FreeSession(_session);
        _session = OpenSsl.TakeSession(_connection);
        if (_session == 0 || OpenSsl.IsResumable(_session) != 0)
            return;
        OpenSsl.FreeSession(_session);
        _session = 0;
    }

    /// <summary>What a call that has moved nothing means; a stream that has ended or broken stays so.</summary>
    private int Outcome(int returned)
    {
        switch (OpenSsl.ErrorOf(_connection, returned))
        {
            case OpenSsl.WantsRead or OpenSsl.WantsWrite:
                return TcpSocket.Blocked;
            case OpenSsl.HasEnded:
                _end = 0;
                break;
            default:
                OpenSsl.TakeError();
                _end = TcpSocket.Broken;
                break;
        }
        return _end.Value;
    }

    private int Finished(int total, int outcome)
    {
        HasMore = outcome != TcpSocket.Blocked;
        return total;
    }
}
