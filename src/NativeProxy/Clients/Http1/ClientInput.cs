using System;
using System.Runtime.CompilerServices;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// What a client sends, in its order: finds request heads and bodies in it, hands each on when it can be dealt with, and keeps the rest. Part of a
/// <see cref="ClientSession"/> (a mutable struct: keep it in a field, never copy it); thread: the loop. Tells the
/// session what it has found; never answers and never ends the connection.
/// </summary>
internal struct ClientInput
{
    /// <summary>Bytes of later requests that are read ahead while one is being served.</summary>
    private const int AheadBytesMax = 16 * 1024;

    /// <summary>What could not be dealt with yet.</summary>
    private ByteTail _tail;

    /// <summary>Bytes of empty lines before the next request that are used up already; a flood ends the session long before this is full.</summary>
    private byte _emptyLineBytes;

    /// <summary>The next request is there but must not begin before the earlier ones are answered.</summary>
    private bool _nextMustWait;

    /// <summary>Small, because every idle client pays for it: what can be kept ahead is not enough for more requests than this.</summary>
    private ushort _wholeRequestsLeft;

    /// <summary>Whether a client that has sent FIN is answered all the same.</summary>
    public HalfClose HalfClose;

    /// <summary>Requests that had come whole when the client sent FIN and have not begun yet; 0 before.</summary>
    public readonly int WholeRequestsLeft => _wholeRequestsLeft;

    /// <summary>True while bytes are being read: what an event leads to must not read on itself then.</summary>
    public bool IsBeingRead { get; private set; }

    /// <summary>True when nothing is kept.</summary>
    public readonly bool IsEmpty => _tail.IsEmpty;

    /// <summary>What is kept, valid until the next call that changes it.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _tail.Bytes;

    public void Begin()
    {
        _emptyLineBytes = 0;
        _nextMustWait = false;
        _wholeRequestsLeft = 0;
    }

    /// <summary>The client has sent FIN: what is kept is all that there will be. Returns what there is of whole requests.</summary>
    public WholeRequests End(Frontend frontend)
    {
        WholeRequests requests = WholeRequests.In(_tail.Bytes, frontend);
        _wholeRequestsLeft = (ushort)Math.Min(requests.Count, ushort.MaxValue);
        return requests;
    }

    /// <summary>All requests are answered: whatever comes next may begin.</summary>
    public void NextMayBegin() => _nextMustWait = false;

    /// <summary>Nobody reads on: what is kept is thrown away.</summary>
    public void Drop(BufferPools pools) => _tail.Release(pools);

    /// <summary>True when more bytes are of use now; what is not asked for waits in the kernel.</summary>
    public readonly bool WantsBytes(ClientSession session)
    {
        bool hasRoomAhead = _tail.Length < AheadBytesMax;
        if (session.LatestStream is not { } stream)
            return hasRoomAhead || session.MayRead;
        return stream.RequestIsComplete ? hasRoomAhead : _tail.IsEmpty || stream.WantsBody;
    }

    /// <summary>Reads bytes that have just come, as far as they can be dealt with now, and keeps the rest.</summary>
    public void Take(ClientSession session, ReadOnlySpan<byte> bytes)
    {
        if (_tail.IsEmpty)
        {
            int used = Read(session, bytes);
            if (used < bytes.Length && session.TakesRequests)
                TryKeep(session, bytes[used..]);
        }
        else if (TryKeep(session, bytes))
        {
            ReadOn(session);
        }
    }

    /// <summary>Goes on with what is kept.</summary>
    public void ReadOn(ClientSession session)
    {
        if (_tail.IsEmpty)
            return;
        int used = Read(session, _tail.Bytes);
        if (session.TakesRequests)
            _tail.Consume(session.Frontend.Loop.Pools, used);
    }

    /// <summary>False when there is no room: then the session has ended.</summary>
    private bool TryKeep(ClientSession session, ReadOnlySpan<byte> bytes)
    {
        Frontend frontend = session.Frontend;
        if (_tail.TryAppend(frontend.Loop.Pools, bytes, frontend.Limits.HeaderBytes + AheadBytesMax + bytes.Length))
            return true;
        frontend.Counters.Add(CounterId.BufferRefusals);
        if (session.LatestStream is null)
            session.Refuse(RefusedRequest.Bad(ProxyError.BuffersExhausted, RejectReason.None, _tail.IsEmpty ? bytes : _tail.Bytes));
        else
            session.CutStreams(ProxyError.BuffersExhausted, CloseReason.Resource);
        return false;
    }

    /// <summary>Reads requests and bodies from the bytes as far as they can be dealt with now. Returns how many were used.</summary>
    private int Read(ClientSession session, ReadOnlySpan<byte> bytes)
    {
        Check.That(!IsBeingRead, "requests are read one after another");
        IsBeingRead = true;
        int used = 0;
        while (used < bytes.Length && session.MayRead)
        {
            int step = ReadNext(session, bytes[used..]);
            used += step;
            if (step == 0)
                break;
        }
        IsBeingRead = false;
        if (session.Frontend.PipeliningMax > 1)
            session.LatestStream?.User.OnInputRead();
        return used;
    }

    /// <summary>Reads what comes next: a head, or bytes of a body. Returns the bytes used, 0 when it has to wait.</summary>
    private int ReadNext(ClientSession session, ReadOnlySpan<byte> bytes)
    {
        if (session.LatestStream is not { } stream)
            return ReadRequest(session, bytes);
        if (stream.RequestIsComplete)
            return ReadRequestAhead(session, bytes);
        return stream.WantsBody ? stream.FeedBody(bytes) : 0;
    }

    /// <summary>
    /// Reads a request head while no other request is served. Returns the bytes used, 0 when the head is incomplete or refused. Empty lines
    /// alone are used up: a client that ends a body with one too many (RFC 9112 2.2) is idle all the same. They count, however they arrive.
    /// </summary>
    private int ReadRequest(ClientSession session, ReadOnlySpan<byte> bytes)
    {
        int emptyLineBytes = RequestHeadParser.EmptyLineBytes(bytes);
        if (_emptyLineBytes + emptyLineBytes > RequestHeadParser.LeadingEmptyLinesMax * 2)
        {
            CountRequest(session);
            return Refuse(session, RequestIntake.Refused(ProxyError.BadRequest, RejectReason.BadMethodToken), bytes, session.Address);
        }
        RequestIntake intake = RequestIntake.Read(bytes, session, session.Frontend);
        if (intake.NeedsMore)
        {
            _emptyLineBytes += (byte)emptyLineBytes;
            return emptyLineBytes;
        }
        _emptyLineBytes = 0;
        CountRequest(session);
        return intake.Refusal == ProxyError.None
            ? session.Serve(bytes, intake)
            : Refuse(session, intake, bytes, RequestIntake.ClientOf(session.Frontend.Scratch.Request, session));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Refuse(ClientSession session, in RequestIntake intake, ReadOnlySpan<byte> bytes, in PeerAddress client)
    {
        session.Refuse(RefusedRequest.Bad(intake.Refusal, intake.Detail, bytes, client));
        return 0;
    }

    /// <summary>
    /// Begins the next request while earlier ones are being answered, if it may run beside them. Returns the bytes used, 0 when it has to
    /// wait; what is wrong with it, if anything, is then said in its turn.
    /// </summary>
    private int ReadRequestAhead(ClientSession session, ReadOnlySpan<byte> bytes)
    {
        if (_nextMustWait || !session.MayServeAnother)
            return 0;
        RequestIntake intake = RequestIntake.Read(bytes, session, session.Frontend);
        if (intake.NeedsMore)
            return 0;
        if (intake.Refusal != ProxyError.None || !intake.RunsBesideOthers(session.Frontend.Scratch.Request))
        {
            _nextMustWait = true;
            return 0;
        }
        CountRequest(session);
        return session.Serve(bytes, intake);
    }

    private void CountRequest(ClientSession session)
    {
        session.RequestCount++;
        if (_wholeRequestsLeft > 0)
            _wholeRequestsLeft--;
    }
}
