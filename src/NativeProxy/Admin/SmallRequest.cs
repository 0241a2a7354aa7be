using System;
using System.Net;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>A request to a small HTTP server, as it stands in the buffer; valid for one call.</summary>
/// <param name="method">Its method.</param>
/// <param name="target">Its target as sent.</param>
internal readonly ref struct SmallRequest(HttpMethod method, ReadOnlySpan<byte> target)
{
    private readonly ReadOnlySpan<byte> _target = target;

    public HttpMethod Method { get; } = method;

    /// <summary>The target as sent.</summary>
    public ReadOnlySpan<byte> Target => _target;

    /// <summary>The target without its query.</summary>
    public ReadOnlySpan<byte> Path
    {
        get
        {
            int query = _target.IndexOf((byte)'?');
            return query < 0 ? _target : _target[..query];
        }
    }

    /// <summary>What stands behind the path, without its question mark; empty where there is none.</summary>
    public ReadOnlySpan<byte> Query => _target.Length == Path.Length ? default : _target[(Path.Length + 1)..];

    /// <summary>Who asks; null when that is not known, which is nobody to be trusted.</summary>
    public IPAddress? Peer { get; init; }

    /// <summary>It came over a Unix socket, to which nobody but this machine's users can connect.</summary>
    public bool IsOverUnixSocket { get; init; }

    /// <summary>What its connection is secured by; null = nothing.</summary>
    public EndpointSecurity? Security { get; init; }

    /// <summary>The bytes of the head, and where its fields are in them; null = none.</summary>
    public ReadOnlySpan<byte> HeadBytes { get; init; }

    /// <inheritdoc cref="HeadBytes"/>
    public HeaderTable? Fields { get; init; }

    /// <summary>The whole body.</summary>
    public ReadOnlySpan<byte> Body { get; init; }

    /// <summary>The value of a field; empty when it is not there. A field that stands there twice counts as <paramref name="isRepeated"/>.</summary>
    /// <param name="lowerName">Its name in small letters.</param>
    /// <param name="isRepeated">There are several.</param>
    public ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> lowerName, out bool isRepeated)
    {
        ReadOnlySpan<byte> value = default;
        int count = 0;
        for (int i = 0; i < (Fields?.Count ?? 0); i++)
        {
            if (!Ascii.EqualsIgnoreCase(Fields![i].Name.Of(HeadBytes), lowerName))
                continue;
            value = Fields[i].Value.Of(HeadBytes);
            count++;
        }
        isRepeated = count > 1;
        return value;
    }
}
