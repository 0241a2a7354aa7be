using System;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>
/// Copies field lines from a parsed head to an outgoing one. Lines that stay are copied in runs, byte for byte: the parser has already
/// refused everything that could be read in two ways. Pure.
/// </summary>
internal ref struct FieldCopy
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly HeaderTable _fields;
    private readonly int _fieldsEnd;
    private int _runStart;

    /// <param name="bytes">The incoming head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="headEnd">Index behind the blank line that ends the head.</param>
    public FieldCopy(ReadOnlySpan<byte> bytes, HeaderTable fields, int headEnd)
    {
        _bytes = bytes;
        _fields = fields;
        _fieldsEnd = headEnd - 2;
        _runStart = fields.Count == 0 ? _fieldsEnd : fields[0].Name.Start;
    }

    /// <summary>Writes all lines up to the one with this index and leaves that one out.</summary>
    public void CopyUpTo<TSink>(int index, ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct
    {
        int lineStart = _fields[index].Name.Start;
        sink.AppendLines(_bytes[_runStart..lineStart]);
        _runStart = index + 1 < _fields.Count ? _fields[index + 1].Name.Start : _fieldsEnd;
    }

    /// <summary>Writes the lines that are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyRest<TSink>(ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct =>
        sink.AppendLines(_bytes[_runStart.._fieldsEnd]);
}
