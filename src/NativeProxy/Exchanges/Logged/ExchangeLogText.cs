using System;
using NativeProxy.Buffers;
using NativeProxy.Http;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// The texts of a request that its log line will show, copied when the head is read because the bytes are gone by the end of the
/// exchange. One small block, truncated to its size. Owner: an exchange; thread: the loop.
/// </summary>
internal sealed class ExchangeLogText
{
    private const int TargetBytesMax = 1024;
    private const int FieldBytesMax = 256;

    private BufferBlock? _block;
    private int _used;
    private ByteRange _method;
    private ByteRange _target;
    private ByteRange _host;
    private ByteRange _userAgent;
    private ByteRange _referer;

    public ReadOnlySpan<byte> Method => Of(_method);

    public ReadOnlySpan<byte> Target => Of(_target);

    public ReadOnlySpan<byte> Host => Of(_host);

    public ReadOnlySpan<byte> UserAgent => Of(_userAgent);

    public ReadOnlySpan<byte> Referer => Of(_referer);

    /// <summary>Copies the texts; without a free block the line will lack them.</summary>
    public void Take(BufferPools pools, ReadOnlySpan<byte> bytes, RequestHead head, bool withFields)
    {
        Release(pools);
        if (!pools.TryLend(Borrower.LogText, BufferPools.SmallBlockBytes, out _block))
            return;
        _method = Copy(head.Method.Of(bytes), FieldBytesMax);
        _target = Copy(head.Target.Of(bytes), TargetBytesMax);
        if (!withFields)
            return;
        _host = Copy(head.Host.Of(bytes), FieldBytesMax);
        int userAgent = head.Fields.FirstIndexOf(KnownHeader.UserAgent);
        if (userAgent >= 0)
            _userAgent = Copy(head.Fields[userAgent].Value.Of(bytes), FieldBytesMax);
        TakeReferer(bytes, head.Fields);
    }

    public void Release(BufferPools pools)
    {
        if (_block is not null)
            pools.Return(_block);
        _block = null;
        _used = 0;
        _method = _target = _host = _userAgent = _referer = default;
    }

    /// <summary>Only the log looks at this field, so it is no known one and is found by its name.</summary>
    private void TakeReferer(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (field.Known != KnownHeader.None || !AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), "referer"u8))
                continue;
            _referer = Copy(field.Value.Of(bytes), FieldBytesMax);
            return;
        }
    }

    private ReadOnlySpan<byte> Of(ByteRange range) => _block is null ? default : range.Of(_block.Span);

    private ByteRange Copy(ReadOnlySpan<byte> text, int bytesMax)
    {
        text = text[..Math.Min(text.Length, bytesMax)];
        text.CopyTo(_block!.Span[_used..]);
        var range = new ByteRange(_used, text.Length);
        _used += text.Length;
        return range;
    }
}
