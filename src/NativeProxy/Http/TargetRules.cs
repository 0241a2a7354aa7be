using System;
using System.Runtime.CompilerServices;

namespace NativeProxy.Http;

/// <summary>
/// Tells the form of a request target and takes it apart (RFC 9112 section 3.2). The bytes of the target were checked
/// by <see cref="ByteScan.TargetEnd"/>; percent-encoding is not looked into, since it is passed on as it came. Pure.
/// </summary>
internal static class TargetRules
{
    /// <summary>Sets Form, Authority and PathAndQuery.</summary>
    /// <returns>False when the target has no form that its method may have.</returns>
    public static bool TryClassify(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        ByteRange target = head.Target;
        bool isConnect = head.MethodKind == HttpMethod.Connect;
        if (bytes[target.Start] == '/')
        {
            SetOrigin(head, target);
            return !isConnect;
        }

        head.Authority = default;
        head.PathAndQuery = default;
        if (isConnect)
        {
            // RFC 9110 section 9.3.6: a CONNECT without a port must be refused.
            head.Form = TargetForm.Authority;
            head.Authority = target;
            return HostRules.IsHostWithPort(bytes, target);
        }

        if (target.Length == 1 && bytes[target.Start] == '*')
        {
            head.Form = TargetForm.Asterisk;
            return head.MethodKind == HttpMethod.Options;
        }

        return TrySplitAbsolute(bytes, head);
    }

    /// <param name="target">Begins with a '/'.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetOrigin(RequestHead head, ByteRange target)
    {
        head.Target = target;
        head.Form = TargetForm.Origin;
        head.Authority = default;
        head.PathAndQuery = target;
    }

    /// <summary>http and https only; no userinfo (RFC 9110 section 4.2.4), a host that is not empty (section 4.2.1).</summary>
    private static bool TrySplitAbsolute(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        ReadOnlySpan<byte> target = head.Target.Of(bytes);
        int schemeBytes = SchemeBytes(target);
        if (schemeBytes == 0)
            return false;

        int authorityBytes = target[schemeBytes..].IndexOfAny((byte)'/', (byte)'?');
        int authorityStart = head.Target.Start + schemeBytes;
        int authorityEnd = authorityBytes < 0 ? head.Target.End : authorityStart + authorityBytes;
        head.Form = TargetForm.Absolute;
        head.Authority = ByteRange.Between(authorityStart, authorityEnd);
        head.PathAndQuery = ByteRange.Between(authorityEnd, head.Target.End);
        return HostRules.IsHost(bytes, head.Authority);
    }

    /// <summary>Length of "http://" or "https://", case-insensitive, or 0.</summary>
    private static int SchemeBytes(ReadOnlySpan<byte> target)
    {
        ReadOnlySpan<byte> http = "http://"u8;
        ReadOnlySpan<byte> https = "https://"u8;
        if (target.Length >= http.Length && AsciiBytes.EqualsLower(target[..http.Length], http))
            return http.Length;

        return target.Length >= https.Length && AsciiBytes.EqualsLower(target[..https.Length], https) ? https.Length : 0;
    }
}
