using System;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>The lines of one name in a head, as the one list that they are (RFC 9110 section 5.3). Pure.</summary>
/// <param name="bytes">The head.</param>
/// <param name="fields">What was read of it.</param>
internal readonly ref struct FieldLines(ReadOnlySpan<byte> bytes, HeaderTable fields)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>True when one of the lines says something.</summary>
    public bool HasValueOf(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            if (IsSaying(i, name))
                return true;
        }
        return false;
    }

    /// <summary>Appends the lines that go on. False when there are none. One with an open quote is left out: it would swallow what follows.</summary>
    public bool AppendPassing<TSink>(ref TSink sink, ReadOnlySpan<byte> name)
        where TSink : struct, IFieldSink, allows ref struct => Append(ref sink, name, onlyPassing: true);

    /// <summary>Appends all the lines, also those that do not go on by themselves.</summary>
    public void AppendAll<TSink>(ref TSink sink, ReadOnlySpan<byte> name)
        where TSink : struct, IFieldSink, allows ref struct => Append(ref sink, name, onlyPassing: false);

    private bool Append<TSink>(ref TSink sink, ReadOnlySpan<byte> name, bool onlyPassing)
        where TSink : struct, IFieldSink, allows ref struct
    {
        bool isFirst = true;
        for (int i = 0; i < fields.Count; i++)
        {
            if (!IsSaying(i, name) || (onlyPassing && (fields[i].IsHopByHop || HasOpenQuote(fields[i].Value.Of(_bytes)))))
                continue;
            if (!isFirst)
                sink.AppendValue(", "u8);
            sink.AppendValue(fields[i].Value.Of(_bytes));
            isFirst = false;
        }
        return !isFirst;
    }

    private bool IsSaying(int index, ReadOnlySpan<byte> name) =>
        !fields[index].Value.IsEmpty && AsciiBytes.EqualsIgnoreCase(fields[index].Name.Of(_bytes), name);

    private static bool HasOpenQuote(ReadOnlySpan<byte> value)
    {
        bool isOpen = false;
        for (int i = value.IndexOf((byte)'"'); i >= 0 && i < value.Length; i++)
        {
            if (value[i] == '"')
                isOpen = !isOpen;
            else if (isOpen && value[i] == '\\')
                i++;
        }
        return isOpen;
    }
}
