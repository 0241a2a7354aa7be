using System;
using System.Collections.Generic;

namespace NativeProxy.Foundation;

/// <summary>The names of <see cref="AccessField"/> in templates. Pure.</summary>
internal static class AccessFields
{
    /// <summary>Behind it stands the name of a field of the request.</summary>
    public const string RequestHeader = "request_header.";

    /// <summary>Behind it stands the name of a field of the response.</summary>
    public const string ResponseHeader = "response_header.";

    private static readonly string[] Codes = CodeText.OfAll<AccessField>();

    /// <summary>All names, for people; headers with NAME for theirs.</summary>
    public static IEnumerable<string> Names
    {
        get
        {
            for (AccessField name = AccessField.Text + 1; name < AccessField.RequestHeader; name++)
                yield return Codes[(int)name];
            yield return RequestHeader + "NAME";
            yield return ResponseHeader + "NAME";
        }
    }

    /// <summary>The field of a name in a template; the name of a header is not judged.</summary>
    public static bool TryFind(string name, out AccessFieldPart part)
    {
        foreach ((string prefix, AccessField header) in ((string, AccessField)[])
            [(RequestHeader, AccessField.RequestHeader), (ResponseHeader, AccessField.ResponseHeader)])
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            part = new AccessFieldPart(header, name[prefix.Length..]);
            return true;
        }
        int index = Array.IndexOf(Codes, name);
        bool isFound = index > (int)AccessField.Text && index < (int)AccessField.RequestHeader;
        part = isFound ? new AccessFieldPart((AccessField)index, "") : default;
        return isFound;
    }
}
