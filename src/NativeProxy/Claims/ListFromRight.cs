using System;
using NativeProxy.Http;

namespace NativeProxy.Claims;

/// <summary>
/// Walks over a comma-separated list from its end, because what stands there was written last. In a list whose elements may hold quoted strings
/// (RFC 7239) nothing on the left can change how the elements on the right are read. Reads the caller's bytes, each of them once.
/// </summary>
/// <param name="list">The value of one field line.</param>
/// <param name="hasQuotes">Elements may hold quoted strings.</param>
internal ref struct ListFromRight(ReadOnlySpan<byte> list, bool hasQuotes)
{
    private readonly ReadOnlySpan<byte> _list = list;
    private int _end = list.Length + 1;

    /// <summary>Without the blanks around it; may be empty.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>A quoted string has no beginning; the walk ended there.</summary>
    public bool IsMalformed { get; private set; }

    public bool MoveNext()
    {
        if (_end <= 0)
            return false;
        int end = _end - 1;
        int start = hasQuotes ? StartBefore(end) : _list[..end].LastIndexOf((byte)',') + 1;
        IsMalformed = start < 0;
        _end = start;
        if (IsMalformed)
            return false;
        Current = AsciiBytes.Trim(_list, start, end).Of(_list);
        return true;
    }

    /// <summary>Where the element begins that ends here; -1 when one of its quoted strings has no beginning.</summary>
    private readonly int StartBefore(int end)
    {
        int at = end - 1;
        while (at >= 0 && _list[at] != ',')
        {
            if (_list[at] == '"')
                at = OpeningBefore(at);
            if (at < 0)
                return -1;
            at--;
        }
        return at + 1;
    }

    /// <summary>Index of the quote that opens the string which is closed here; one behind an odd number of backslashes is a part of it.</summary>
    private readonly int OpeningBefore(int closing)
    {
        int quote = closing;
        while (true)
        {
            quote = _list[..quote].LastIndexOf((byte)'"');
            if (quote < 0)
                return -1;
            int before = quote;
            while (before > 0 && _list[before - 1] == '\\')
                before--;
            if ((quote - before) % 2 == 0)
                return quote;
        }
    }
}
