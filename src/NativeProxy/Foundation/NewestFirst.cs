namespace NativeProxy.Foundation;

/// <summary>
/// Items in the order in which they were added, the newest first. Intrusive: the links are in the items (<see cref="Ordered{T}"/>), so that
/// nothing is allocated and any item leaves at once. An item is in one such order at most. A mutable struct: keep it in a field, never copy it;
/// thread: that of its owner.
/// </summary>
internal struct NewestFirst<T>
    where T : Ordered<T>
{
    /// <summary>The one added last; the others follow by <see cref="Ordered{T}.Older"/>.</summary>
    public T? Newest { get; private set; }

    public T? Oldest { get; private set; }

    public int Count { get; private set; }

    public void Add(T item)
    {
        item.Newer = null;
        item.Older = Newest;
        if (Newest is null)
            Oldest = item;
        else
            Newest.Newer = item;
        Newest = item;
        Count++;
    }

    /// <summary>Takes an item out, wherever it stands.</summary>
    public void Remove(T item)
    {
        Check.That(Count > 0, "an item left an empty order");
        if (item.Newer is null)
            Newest = item.Older;
        else
            item.Newer.Older = item.Older;
        if (item.Older is null)
            Oldest = item.Newer;
        else
            item.Older.Newer = item.Newer;
        item.Newer = item.Older = null;
        Count--;
    }

    /// <summary>Another item takes the place of one that is in it.</summary>
    public void Replace(T item, T other)
    {
        other.Newer = item.Newer;
        other.Older = item.Older;
        if (item.Newer is null)
            Newest = other;
        else
            item.Newer.Older = other;
        if (item.Older is null)
            Oldest = other;
        else
            item.Older.Newer = other;
        item.Newer = item.Older = null;
    }

    /// <summary>An item that is in it becomes the newest.</summary>
    public void Renew(T item)
    {
        Remove(item);
        Add(item);
    }
}

/// <summary>
/// What an item of a <see cref="NewestFirst{T}"/> knows of its neighbours. While it is in none, <see cref="Older"/> may link unused objects.
/// </summary>
internal abstract class Ordered<T>
    where T : Ordered<T>
{
    /// <summary>The next one towards the newest.</summary>
    internal T? Newer { get; set; }

    /// <summary>The next one towards the oldest.</summary>
    internal T? Older { get; set; }
}
