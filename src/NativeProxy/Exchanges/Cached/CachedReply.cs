using NativeProxy.Transport;

namespace NativeProxy.Exchanges.Cached;

/// <summary>
/// Lets a response of the cache go on: no server's event does. So many pieces in one turn of the loop, the rest in the next, or when the client has
/// taken these. Owner: one exchange; thread: the loop. Never reads and never sends.
/// </summary>
/// <param name="pieces">Who passes them on.</param>
/// <param name="loop">The loop.</param>
internal sealed class CachedReply(ICachedPieces pieces, EventLoop loop) : LoopWork
{
    /// <summary>So many pieces go out before other connections have their turn.</summary>
    private const int PiecesPerTurnMax = 16;

    /// <summary>It is the response's turn, and the client takes more.</summary>
    private bool _isDue;

    /// <summary>Changes with each exchange, so that a piece can be told to have ended one.</summary>
    private int _generation;

    /// <summary>The client does not take more for the moment.</summary>
    public void Pause() => _isDue = false;

    /// <summary>The client takes more, or the response's turn has come: that begins at the end of the turn.</summary>
    public void Resume(bool hasBegun)
    {
        _isDue = true;
        if (hasBegun)
            Run();
        else
            loop.Soon(this);
    }

    /// <summary>The exchange is over.</summary>
    public void End()
    {
        _isDue = false;
        _generation++;
    }

    public override void Run()
    {
        int generation = _generation;
        for (int piece = 0; piece < PiecesPerTurnMax && _isDue && generation == _generation; piece++)
        {
            if (!pieces.PassCachedPiece())
                return;
        }
        if (_isDue && generation == _generation)
            loop.Soon(this);
    }
}
