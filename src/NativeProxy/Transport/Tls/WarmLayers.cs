namespace NativeProxy.Transport.Tls;

/// <summary>
/// The layers of one thread whose SSLs keep their buffers between two calls: those that were served last, so that busy connections do not have 33 KB
/// allocated and freed for each record (a small GET takes 5 % less time for it), and idle ones cost nothing. A fixed number of places; who comes in
/// last takes that of the one who has been there for longest. Owner and thread: those of the <see cref="TlsLoop"/>.
/// </summary>
internal sealed class WarmLayers
{
    /// <summary>What a layer is told that is not among them.</summary>
    public const int NoPlace = -1;

    /// <summary>Places: some 4 MB for all of a worker, however many connections it has.</summary>
    public const int PlacesMax = 128;

    /// <summary>Both buffers of an SSL: a record each, with what OpenSSL adds.</summary>
    private const int BufferBytes = 34_000;

    private readonly TlsLayer?[] _places = new TlsLayer?[PlacesMax];
    private int _next;

    /// <summary>Layers that are among them.</summary>
    public int Count { get; private set; }

    /// <summary>What they hold at most, in bytes.</summary>
    public long Bytes => (long)Count * BufferBytes;

    /// <summary>A layer that has no place is going to be served: returns its place.</summary>
    public int Add(TlsLayer layer)
    {
        int place = _next;
        _next = (place + 1) % PlacesMax;
        if (_places[place] is { } longest)
            longest.CoolDown();
        else
            Count++;
        _places[place] = layer;
        return place;
    }

    /// <summary>The SSL of a layer is going to be freed.</summary>
    /// <param name="place">What <see cref="Add"/> has returned, or <see cref="NoPlace"/>.</param>
    public void Remove(int place)
    {
        if (place == NoPlace)
            return;
        _places[place] = null;
        Count--;
    }
}
