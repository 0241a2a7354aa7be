using System;

namespace NativeProxy.Http;

/// <summary>Reads a Set-Cookie field as browsers do (RFC 6265 section 5.2): one cookie, blanks around name and value do not count. Pure.</summary>
internal static class SetCookieField
{
    /// <summary>Whether the field sets the cookie of that name; names are case-sensitive.</summary>
    /// <param name="fieldValue">The value of one Set-Cookie field.</param>
    /// <param name="name">A token.</param>
    /// <param name="value">Range of the cookie's value in the field's value, quotes included; the attributes stand behind it.</param>
    public static bool TryFind(ReadOnlySpan<byte> fieldValue, ReadOnlySpan<byte> name, out ByteRange value)
    {
        value = default;
        int semicolon = fieldValue.IndexOf((byte)';');
        int end = semicolon < 0 ? fieldValue.Length : semicolon;
        int equals = fieldValue[..end].IndexOf((byte)'=');
        if (equals < 0 || !AsciiBytes.Trim(fieldValue, 0, equals).Of(fieldValue).SequenceEqual(name))
            return false;

        value = AsciiBytes.Trim(fieldValue, equals + 1, end);
        return true;
    }
}
