using System;

namespace NativeProxy.Http;

/// <summary>
/// Who asks, where a login has said so, and the field that tells the server. Owner: an exchange, which keeps the object for its next request; thread:
/// the loop. Decides nothing.
/// </summary>
internal sealed class RequestUser
{
    private byte[] _name = [];
    private byte[] _field = [];
    private int _nameBytes;
    private int _fieldBytes;

    /// <summary>The user's name.</summary>
    public ReadOnlySpan<byte> Name => _name.AsSpan(0, _nameBytes);

    /// <summary>The field that tells the server; empty when it is not told.</summary>
    public ReadOnlySpan<byte> Field => _field.AsSpan(0, _fieldBytes);

    /// <summary>Another request.</summary>
    /// <param name="name">The user's name.</param>
    /// <param name="field">The field that tells the server; empty for none.</param>
    public void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> field)
    {
        _nameBytes = Copy(name, ref _name);
        _fieldBytes = Copy(field, ref _field);
    }

    private static int Copy(ReadOnlySpan<byte> text, ref byte[] room)
    {
        if (room.Length < text.Length)
            room = new byte[Math.Max(text.Length, 64)];
        text.CopyTo(room);
        return text.Length;
    }
}
