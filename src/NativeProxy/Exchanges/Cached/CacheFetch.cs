using System;
using NativeProxy.Caching;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Cached;

/// <summary>
/// The rest of a response whose client has gone: reads it to its end for the cache alone, then gives the server connection back. It takes at
/// most what the cache takes of one response, and waits for the server as an exchange does. Owner: <see cref="CacheFetches"/>; thread: the
/// loop. Never begins a response and never sends.
/// </summary>
internal sealed class CacheFetch : Ordered<CacheFetch>, IServerStreamUser
{
    private readonly CacheFetches _fetches;
    private readonly ServerStream _stream;
    private CacheFill? _fill;

    public CacheFetch(CacheFetches fetches, Func<IServerStreamUser, ServerStream> streams)
    {
        _fetches = fetches;
        _stream = streams(this);
    }

    /// <summary>Takes over what an exchange was reading. False, with nothing changed, when it cannot be taken over.</summary>
    /// <param name="stream">Of the exchange, which forgets it.</param>
    /// <param name="fill">What has been copied so far.</param>
    public bool TryBegin(ServerStream stream, CacheFill fill)
    {
        if (!stream.TryPassTo(_stream))
            return false;
        _fill = fill;
        return true;
    }

    /// <summary>The process stops: nobody will ask for the response.</summary>
    public void Cut() => Leave(ServerCloseReason.Purged);

    public void OnServerBody(in BodyPiece piece)
    {
        _fill!.Append(piece);
        if (piece.IsLast)
            End();
        else if (!_fill.IsOpen)
            Leave(ServerCloseReason.ClientAborted);
    }

    public void OnServerFailed(in ServerFailure failure) => Leave(failure.Error switch
    {
        ProxyError.ServerResponseTimeout => ServerCloseReason.Timeout,
        ProxyError.ServerBadBody => ServerCloseReason.BadResponse,
        _ => ServerCloseReason.ServerFin,
    });

    /// <summary>What was still held of requests behind this one, whose exchanges have left the connection with their client.</summary>
    public void OnServerDrained()
    {
    }

    /// <summary>What the server has sent before may still be read.</summary>
    public void OnServerRefuses()
    {
    }

    public void OnServerAnswers() => Check.That(false, "a fetch is answered already");

    public void OnServerReady() => Check.That(false, "a fetch is connected");

    public void OnServerPutOff() => Check.That(false, "a fetch is connected");

    public void OnServerTurn() => Check.That(false, "it is a fetch's turn from its beginning");

    public void OnServerInterim(ReadOnlySpan<byte> bytes, ResponseHead head) => Check.That(false, "a fetch has its head");

    public void OnServerResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first) => Check.That(false, "a fetch has its head");

    public void OnServerSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest) => Check.That(false, "a fetch has its head");

    /// <summary>The body is complete; bytes behind it make all of it doubtful.</summary>
    private void End()
    {
        ServerCloseReason reason = _stream.Judge();
        CacheFill fill = _fill!;
        _fill = null;
        if (reason is ServerCloseReason.None or ServerCloseReason.ServerSaid)
            fill.Commit();
        else
            fill.Drop();
        _fetches.Return(this);
        _stream.End(reason, clientGoesOn: true, out _);
    }

    private void Leave(ServerCloseReason reason)
    {
        _fill?.Drop();
        _fill = null;
        _fetches.Return(this);
        _stream.Release(reason, reset: true);
    }
}
