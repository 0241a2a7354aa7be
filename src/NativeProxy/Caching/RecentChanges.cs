namespace NativeProxy.Caching;

/// <summary>
/// Which keys were changed lately, so that a response that was asked for before a change and comes after it is not kept. A fixed table, in
/// which keys may share a place: one change too many only costs one response. Thread: the loop.
/// </summary>
internal sealed class RecentChanges
{
    private readonly long[] _lastChange = new long[1024];

    /// <summary>Changes so far.</summary>
    public long Count { get; private set; }

    public void Note(ulong hash) => PlaceOf(hash) = ++Count;

    /// <summary>Whether the key may have been changed since there were this many changes.</summary>
    public bool HasSince(ulong hash, long count) => PlaceOf(hash) > count;

    private ref long PlaceOf(ulong hash) => ref _lastChange[(int)(hash >> 32) & (_lastChange.Length - 1)];
}
