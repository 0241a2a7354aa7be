using System;

namespace NativeProxy.Http;

/// <summary>
/// Walks the parameters of a query, name=value between '&amp;', without allocation; nothing is decoded. One without '=' has no value.
/// </summary>
/// <param name="query">What follows the '?'.</param>
internal ref struct QueryScanner(ReadOnlySpan<byte> query)
{
    private ReadOnlySpan<byte> _rest = query;

    /// <summary>Name of the present parameter.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Its value; empty when there is none.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>True when it has a '+', which stands for itself, or for a blank in what a form sent.</summary>
    public readonly bool HasPlus => Name.Contains((byte)'+') || Value.Contains((byte)'+');

    /// <summary>Goes to the next parameter; false behind the last one.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
            return false;
        int end = _rest.IndexOf((byte)'&');
        ReadOnlySpan<byte> pair = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[(end + 1)..];
        int equals = pair.IndexOf((byte)'=');
        Name = equals < 0 ? pair : pair[..equals];
        Value = equals < 0 ? default : pair[(equals + 1)..];
        return true;
    }
}
