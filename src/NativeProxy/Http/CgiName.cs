using System;

namespace NativeProxy.Http;

/// <summary>
/// Names of fields as servers read them that hand fields on as CGI does (RFC 3875 section 4.1.18): '-' and '_' are one to them, to some of them
/// whatever is no letter and no digit. Pure.
/// </summary>
internal static class CgiName
{
    /// <summary>Whether some server takes one name for the other.</summary>
    public static bool AreAlike(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other)
    {
        if (name.Length != other.Length)
            return false;
        for (int i = 0; i < name.Length; i++)
        {
            bool isLetter = char.IsAsciiLetterOrDigit((char)name[i]);
            if (isLetter != char.IsAsciiLetterOrDigit((char)other[i]) || (isLetter && (name[i] | 0x20) != (other[i] | 0x20)))
                return false;
        }
        return true;
    }

    /// <summary>Whether it is of letters, digits and '-' only, so that no other one is meant.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> name)
    {
        foreach (byte letter in name)
        {
            if (letter != '-' && !char.IsAsciiLetterOrDigit((char)letter))
                return false;
        }
        return true;
    }
}
