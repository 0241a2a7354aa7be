namespace NativeProxy.LoadTest.Generator;

/// <summary>The requests of one connection whose answers are awaited, in order. Fixed capacity. Owner: <see cref="LoadConnection"/>.</summary>
internal struct InFlight(int capacity)
{
    private readonly ulong[] _ids = new ulong[capacity];
    private readonly long[] _startsNs = new long[capacity];
    private int _first;

    public int Count { get; private set; }

    public readonly ulong FirstId => _ids[_first];

    /// <summary>When the oldest one was sent, or in an open loop was intended to be sent.</summary>
    public readonly long FirstStartNs => _startsNs[_first];

    public void Add(ulong id, long startNs)
    {
        int at = (_first + Count++) % _ids.Length;
        _ids[at] = id;
        _startsNs[at] = startNs;
    }

    public void RemoveFirst()
    {
        _first = (_first + 1) % _ids.Length;
        Count--;
    }

    public void Clear() => Count = 0;

    public readonly long StartNsAt(int index) => _startsNs[(_first + index) % _startsNs.Length];
}
