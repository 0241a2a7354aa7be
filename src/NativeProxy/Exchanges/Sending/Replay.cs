using NativeProxy.Buffers;
using NativeProxy.Http;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// What one request needs so that it can be sent again: decides for how long its body is worth a copy, and gives the copy to another connection,
/// as fast as that takes it. Owner: a <see cref="RequestPath"/>; thread: the loop. Never decides whether something is sent again.
/// </summary>
internal sealed class Replay(BufferPools pools, ReplayBudget budget)
{
    private readonly ReplayBuffer _copy = new(pools, budget);
    private int _bytesMax;

    /// <summary>True while the policy might have what went out on the present connection sent again.</summary>
    private bool _keepsBody;

    /// <summary>True while everything that ever went out, and the head in any case, is kept, so that it can be sent again.</summary>
    public bool IsHeld => _copy.IsHeld;

    /// <summary>True when there is a body that may be kept.</summary>
    public bool MayKeepBody => _bytesMax > 0;

    /// <summary>True when some of the body is kept, which has been sent before.</summary>
    public bool HasBody => _copy.BodyBytes > 0;

    /// <summary>What is asked, while it is held.</summary>
    public RequestToServer Request => _copy.Request;

    /// <summary>True from <see cref="Begin"/> until the present connection has got all that was sent before.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Another request begins. False when there is no buffer to keep its head in.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="bytesMax">Longest body that is kept; one that is known to be longer is not even begun to be copied.</param>
    public bool TryHold(in RequestToServer request, int bytesMax)
    {
        _bytesMax = request.Body.IsEmpty || request.Body.Bytes > bytesMax ? 0 : bytesMax;
        IsRunning = false;
        return _copy.TryBegin(request);
    }

    /// <summary>Keeps a piece of a body that goes out only when it is whole. False when it is too long, or there is no room for it.</summary>
    public bool TryHold(in BodyPiece piece) => _copy.IsHeld && _copy.TryKeep(piece, _bytesMax);

    /// <summary>A connection carries the request from now on.</summary>
    /// <param name="mayFollow">What goes out on it may have to go out again.</param>
    public void OnStart(bool mayFollow) => _keepsBody = mayFollow;

    /// <summary>Begins to give the body again: the first piece goes with the head.</summary>
    /// <param name="isWhole">The client has sent all of it.</param>
    /// <param name="first">The first piece; it may be empty.</param>
    public void Begin(bool isWhole, out BodyPiece first)
    {
        _copy.Rewind();
        IsRunning = true;
        _copy.TryTakeNext(isWhole, out first);
    }

    /// <summary>Gives the connection what it takes of the rest.</summary>
    public void Continue(ServerStream stream, bool isWhole)
    {
        while (IsRunning && !stream.IsBlocked && !stream.IsRefused)
        {
            if (_copy.TryTakeNext(isWhole, out BodyPiece piece))
            {
                stream.Send(piece);
                continue;
            }
            IsRunning = false;
            if (!_keepsBody)
                _copy.Release();
        }
    }

    /// <summary>The connection takes no more, or is gone.</summary>
    public void Stop() => IsRunning = false;

    /// <summary>Keeps a piece of the body that was taken from the client, or gives the copy up when it cannot be of use any more.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="stream">On which it goes out.</param>
    public void Keep(in BodyPiece piece, ServerStream stream)
    {
        if (!_copy.IsHeld)
            return;
        bool isOfUse = _keepsBody || stream.Prove(asksKernel: false) == SendProof.NothingSent;
        if (!isOfUse || !_copy.TryKeep(piece, _bytesMax))
            _copy.Release();
    }

    /// <summary>The answer has begun, so nothing will be sent again.</summary>
    /// <param name="isUnderWay">The request goes out on a connection.</param>
    public void OnAnswer(bool isUnderWay)
    {
        _keepsBody = false;
        if (!IsRunning && isUnderWay)
            _copy.Release();
    }

    /// <summary>Returns all memory.</summary>
    public void Release()
    {
        _copy.Release();
        IsRunning = false;
    }
}
