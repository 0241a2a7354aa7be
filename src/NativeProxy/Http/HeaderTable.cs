using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NativeProxy.Http;

/// <summary>One field line: where its name and value lie in the head, and what the proxy knows about it.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct HeaderField
{
    public ByteRange Name;

    /// <summary>Without the blanks around it; may be empty.</summary>
    public ByteRange Value;

    public KnownHeader Known;

    /// <summary>Connection names the field; known only when the Connection fields have been read.</summary>
    public bool IsNominated;

    /// <summary>The field ends here and is not forwarded: by its kind, or because Connection names it.</summary>
    public readonly bool IsHopByHop => IsNominated || KnownHeaders.IsHopByHop(Known);
}

/// <summary>
/// The field lines of one head in the order of arrival, in an array that is allocated once and reused for every message.
/// Answers "is this known field there" from one word. Holds positions only; the bytes stay where they are.
/// Thread: that of its owner.
/// </summary>
internal sealed class HeaderTable
{
    private const int KnownCountMax = 64;

    private readonly HeaderField[] _fields;
    private FirstIndexes _firstIndex;

    /// <summary>Set anew for every message; the capacity is a limit as well.</summary>
    private int _countMax;

    /// <summary>Bit n: the known header n is in the table (its first index is in _firstIndex).</summary>
    private ulong _present;

    /// <summary>Bit n: the known header n is in the table more than once.</summary>
    private ulong _repeated;

    public HeaderTable(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, ushort.MaxValue);
        _fields = new HeaderField[capacity];
        _countMax = capacity;
    }

    public int Capacity => _fields.Length;

    public int Count { get; private set; }

    /// <summary>In order of arrival; the index must be below <see cref="Count"/>.</summary>
    public ref HeaderField this[int index]
    {
        get
        {
            Debug.Assert(index < Count, "an entry of an earlier message");
            return ref _fields[index];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsRepeated(KnownHeader known) => (_repeated & Bit(known)) != 0;

    public bool Contains(KnownHeader known) => (_present & Bit(known)) != 0;

    /// <summary>True when a field of one of these kinds is there; bit n stands for the known header n.</summary>
    public bool ContainsAny(ulong set) => (_present & set) != 0;

    /// <summary>True when a field was dropped that would pass else.</summary>
    public bool HasDropped { get; private set; }

    /// <summary>A field does not go on, as if Connection named it.</summary>
    public void Drop(int index)
    {
        _fields[index].IsNominated = true;
        HasDropped = true;
    }

    /// <summary>
    /// A field is as if it had not come: it does not go on, and nobody finds it by its name or its kind. All others of its kind are to be erased,
    /// too.
    /// </summary>
    public void Erase(int index)
    {
        ref HeaderField field = ref _fields[index];
        _present &= ~Bit(field.Known);
        _repeated &= ~Bit(field.Known);
        field.Known = KnownHeader.None;
        field.Name = field.Value = new ByteRange(field.Name.Start, 0);
        Drop(index);
    }

    /// <summary>Index of the first field of that kind, or -1.</summary>
    public int FirstIndexOf(KnownHeader known) => Contains(known) ? _firstIndex[(int)known & (KnownCountMax - 1)] : -1;

    /// <summary>Index of the next field of that kind behind <paramref name="index"/>, or -1.</summary>
    public int NextIndexOf(KnownHeader known, int index)
    {
        if (!IsRepeated(known))
            return -1;

        for (int next = index + 1; next < Count; next++)
        {
            if (_fields[next].Known == known)
                return next;
        }

        return -1;
    }

    public int CountOf(KnownHeader known)
    {
        int count = 0;
        for (int index = FirstIndexOf(known); index >= 0; index = NextIndexOf(known, index))
            count++;

        return count;
    }

    public void Clear() => Clear(Capacity);

    /// <param name="countMax">How many fields the next message may have; the capacity is a limit as well.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear(int countMax)
    {
        _countMax = countMax;
        Count = 0;
        _present = 0;
        _repeated = 0;
        HasDropped = false;
    }

    /// <returns>False when there are as many fields as allowed; nothing is added then.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(ByteRange name, ByteRange value, KnownHeader known)
    {
        int index = Count;
        HeaderField[] fields = _fields;
        if ((uint)index >= (uint)fields.Length || index >= _countMax)
            return false;

        ref HeaderField field = ref fields[index];
        field.Name = name;
        field.Value = value;
        field.Known = known;
        field.IsNominated = false;
        Count = index + 1;
        if (known != KnownHeader.None)
            Remember(known, index);

        return true;
    }

    private static ulong Bit(KnownHeader known) => known == KnownHeader.None ? 0 : 1UL << (int)known;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Remember(KnownHeader known, int index)
    {
        ulong bit = Bit(known);
        if ((_present & bit) != 0)
        {
            _repeated |= bit;
            return;
        }

        _present |= bit;
        _firstIndex[(int)known & (KnownCountMax - 1)] = (ushort)index;
    }

    /// <summary>By known header; an array inside the object, since its length is known and needs no check.</summary>
    [InlineArray(KnownCountMax)]
    private struct FirstIndexes
    {
        private ushort _first;
    }
}
