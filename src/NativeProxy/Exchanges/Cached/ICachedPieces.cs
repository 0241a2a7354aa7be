namespace NativeProxy.Exchanges.Cached;

/// <summary>Who passes a response of the cache on, piece by piece.</summary>
internal interface ICachedPieces
{
    /// <summary>Passes the next piece on. False when there is no more, or nobody wants it any more.</summary>
    bool PassCachedPiece();
}
