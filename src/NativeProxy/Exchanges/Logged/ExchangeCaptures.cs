using System;
using NativeProxy.Buffers;
using NativeProxy.Http;
using NativeProxy.Logging;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// Fields of a request and of its response that the log line will show, copied when each head is read. One small block, lent only while a list
/// asks for fields; values are cut to their bound, and those of secret fields not copied at all. Owner: an exchange; thread: the loop.
/// </summary>
internal sealed class ExchangeCaptures
{
    private BufferBlock? _block;
    private CaptureList? _list;
    private int _requestEnd;
    private int _used;

    /// <summary>True while an exchange runs whose line shows fields.</summary>
    public bool IsOn => _block is not null;

    /// <summary>As <see cref="CapturedValues"/> reads it; empty when nothing was captured.</summary>
    public ReadOnlySpan<byte> Values => _block is null ? default : _block.Span[.._used];

    /// <summary>The head of a request; without a free block the line will lack them.</summary>
    public void TakeRequest(BufferPools pools, CaptureList list, ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        Release(pools);
        if (!pools.TryLend(Borrower.LogText, BufferPools.SmallBlockBytes, out _block))
            return;
        _list = list;
        CapturedValues.Begin(Room, list);
        _used = CapturedValues.HeadBytes;
        Take(list.Request, bytes, fields);
        _requestEnd = _used;
    }

    /// <summary>The head of the response that goes to the client, as its server sent it.</summary>
    public void TakeResponse(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        _used = _requestEnd;
        Take(_list!.Response, bytes, fields);
    }

    public void Release(BufferPools pools)
    {
        if (_block is not null)
            pools.Return(_block);
        _block = null;
        _list = null;
        _used = _requestEnd = 0;
    }

    private Span<byte> Room => _block!.Span[..CaptureList.RecordBytesMax];

    private void Take(CapturedName[] names, ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        foreach (CapturedName name in names)
        {
            Span<byte> room = CapturedValues.RoomAt(Room, _used);
            int length = Copy(name, bytes, fields, room);
            _used = length < 0 || room.IsEmpty ? CapturedValues.SkipOne(Room, _used) : CapturedValues.EndOne(Room, _used, length);
        }
    }

    /// <summary>All fields of that name, with ", " between them; -1 when there is none.</summary>
    private static int Copy(CapturedName name, ReadOnlySpan<byte> bytes, HeaderTable fields, Span<byte> room)
    {
        int used = -1;
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (!AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), name.LowerName))
                continue;
            if (name.IsSecret)
                return Append(room, 0, "REDACTED"u8);
            used = used < 0 ? 0 : Append(room, used, ", "u8);
            used = Append(room, used, field.Value.Of(bytes));
        }
        return used;
    }

    private static int Append(Span<byte> room, int used, ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, room.Length - used)];
        text.CopyTo(room[used..]);
        return used + text.Length;
    }
}
