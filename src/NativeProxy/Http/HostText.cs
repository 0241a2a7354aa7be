using System;
using NativeProxy.Foundation;

namespace NativeProxy.Http;

/// <summary>Hosts as routes compare them: without port and without the dot that may end a name. Pure.</summary>
internal static class HostText
{
    /// <summary>The host that a request is for: that of an absolute target, which overrides the field (RFC 9112 section 3.2.2), or of Host.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> bytes, RequestHead head) =>
        WithoutPort((head.Form == TargetForm.Absolute ? head.Authority : head.Host).Of(bytes));

    /// <summary>A valid authority without its port and a dot behind the name.</summary>
    public static ReadOnlySpan<byte> WithoutPort(ReadOnlySpan<byte> authority)
    {
        int colon = authority.LastIndexOf((byte)':');
        if (colon >= 0 && colon > authority.LastIndexOf((byte)']'))
            authority = authority[..colon];
        return authority.Length > 1 && authority[^1] == '.' ? authority[..^1] : authority;
    }

    /// <summary>False for spellings of a host that servers may read as another one: an escape, or an empty label.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> host) =>
        host.IsEmpty || (host.IndexOf((byte)'%') < 0 && host.IndexOf(".."u8) < 0 && host[0] != '.' && host[^1] != '.');

    /// <summary>The port that a request names; empty when it names none.</summary>
    public static ReadOnlySpan<byte> PortOf(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        ReadOnlySpan<byte> authority = (head.Form == TargetForm.Absolute ? head.Authority : head.Host).Of(bytes);
        int colon = authority.LastIndexOf((byte)':');
        return colon >= 0 && colon > authority.LastIndexOf((byte)']') ? authority[(colon + 1)..] : default;
    }

    /// <summary>A number for a text in which the case of letters does not count (FNV-1a).</summary>
    public static ulong HashOf(ReadOnlySpan<byte> text)
    {
        ulong hash = StableHash.Begin;
        foreach (byte value in text)
            hash = StableHash.Add(hash, value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value | 0x20) : value);
        return hash;
    }
}
