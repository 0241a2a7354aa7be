using System;

namespace NativeProxy.Http;

/// <summary>
/// The names that Connection nominates, in one word, so that they can be known until the trailers come. It never misses a name that
/// was added; for one that was not it may be wrong (about once in a thousand names), which costs a trailer that may be dropped anyway
/// (RFC 9110 section 6.5.1). A value; default is the empty set.
/// </summary>
internal struct FieldNameMask
{
    private ulong _bits;

    public void Add(ReadOnlySpan<byte> name) => _bits |= BitsOf(name);

    public readonly bool MayContain(ReadOnlySpan<byte> name)
    {
        if (_bits == 0)
            return false;

        ulong bits = BitsOf(name);
        return (_bits & bits) == bits;
    }

    /// <summary>Two bits of 64, from FNV-1a over the name without its case.</summary>
    private static ulong BitsOf(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        foreach (byte value in name)
            hash = (hash ^ (value | 0x20u)) * 16777619;

        return (1UL << (int)(hash >> 26)) | (1UL << (int)((hash >> 16) & 63));
    }
}
