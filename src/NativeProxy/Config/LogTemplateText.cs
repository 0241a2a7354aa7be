using System;
using System.Collections.Immutable;
using NativeProxy.Foundation;

namespace NativeProxy.Config;

/// <summary>
/// Reads the template of a log line: text with fields in braces, such as <c>{client} {status}</c>; "{{" is a brace. Pure.
/// </summary>
internal static class LogTemplateText
{
    /// <summary>Headers of a template, of both sides together.</summary>
    public const int HeadersMax = 32;

    /// <summary>The parts, in order. False with what is wrong, and the name that is meant, if one is.</summary>
    public static bool TryParse(string text, out ImmutableArray<AccessFieldPart> parts, out string problem, out string hint)
    {
        ImmutableArray<AccessFieldPart>.Builder found = ImmutableArray.CreateBuilder<AccessFieldPart>();
        parts = [];
        hint = "";
        problem = HasControl(text) ? "there is a control character in it" : "";
        if (problem.Length > 0)
            return false;
        string plain = "";
        for (int start = 0; start < text.Length;)
        {
            int open = text.IndexOf('{', start);
            plain += open < 0 ? text[start..] : text[start..open];
            if (open < 0)
                break;
            if (text.AsSpan(open).StartsWith("{{"))
            {
                plain += "{";
                start = open + 2;
                continue;
            }
            int close = text.IndexOf('}', open);
            if (close < 0)
            {
                problem = "a '{' is not closed; \"{{\" is a brace";
                return false;
            }
            if (!TryField(text[(open + 1)..close], out AccessFieldPart part, out problem, out hint))
                return false;
            AddText(found, ref plain);
            found.Add(part);
            start = close + 1;
        }
        AddText(found, ref plain);
        parts = found.DrainToImmutable();
        return true;
    }

    /// <summary>A tab may stand between fields: none can hold one.</summary>
    private static bool HasControl(string text)
    {
        foreach (char letter in text)
        {
            if (char.IsControl(letter) && letter != '\t')
                return true;
        }
        return false;
    }

    private static void AddText(ImmutableArray<AccessFieldPart>.Builder parts, ref string plain)
    {
        if (plain.Length > 0)
            parts.Add(new AccessFieldPart(AccessField.Text, plain));
        plain = "";
    }

    private static bool TryField(string name, out AccessFieldPart part, out string problem, out string hint)
    {
        hint = problem = "";
        if (!AccessFields.TryFind(name, out part))
        {
            problem = $"there is no field {{{name}}}";
            hint = HintFor(name);
            return false;
        }
        if (part.Field is AccessField.RequestHeader or AccessField.ResponseHeader && !TokenText.IsToken(part.Text))
        {
            problem = $"{{{name}}} names no header";
            hint = "behind the dot stands a name such as User-Agent";
            return false;
        }
        return true;
    }

    private static string HintFor(string name)
    {
        foreach (string known in (string[])["header.", "req_header.", "req.", "cookie."])
        {
            if (name.StartsWith(known, StringComparison.Ordinal))
                return $"did you mean \"{AccessFields.RequestHeader}{(known == "cookie." ? "Cookie" : name[known.Length..])}\"?";
        }
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && Spelling.Closest(name[..(dot + 1)], [AccessFields.RequestHeader, AccessFields.ResponseHeader]) is { } prefix)
            return $"did you mean \"{prefix}{name[(dot + 1)..]}\"?";
        return Spelling.Hint(name, AccessFields.Names);
    }
}
