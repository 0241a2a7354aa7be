using System;
using System.Text;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Variables of the environment in values: <c>${NAME}</c>, <c>${NAME:-default}</c>; <c>$${NAME}</c> is the text itself. Names are of A-Z, 0-9 and _,
/// so that templates such as <c>${host}</c> are left alone. Works on strings that have been read, so what a variable holds is never structure.
/// </summary>
internal static class VariableText
{
    private const string Expected = "${NAME} or ${NAME:-default}; $${NAME} for the text itself";

    /// <summary>Fills in all strings of a table, in place; what cannot be is left as it is and told.</summary>
    public static void FillIn(TomlTable table, SettingsErrors errors) => table.Replace(value => Filled(value, errors));

    private static TomlNode Filled(TomlNode node, SettingsErrors errors)
    {
        if (node.Kind == TomlKind.String)
            return TryFill(node, errors, out TomlNode filled) ? filled : node;
        if (node.Kind == TomlKind.Table)
            FillIn(node.Table, errors);
        for (int i = 0; node.Kind == TomlKind.Array && i < node.Items.Count; i++)
            node.Items[i] = Filled(node.Items[i], errors);
        return node;
    }

    /// <summary>A string with its variables filled in; false when one cannot be.</summary>
    /// <param name="node">The string.</param>
    /// <param name="errors">Hears why; null = nobody does.</param>
    /// <param name="result">It, or another one in its place.</param>
    public static bool TryFill(TomlNode node, SettingsErrors? errors, out TomlNode result)
    {
        result = node;
        if (!node.Text.Contains("${", StringComparison.Ordinal))
            return true;
        StringBuilder filled = new();
        ReadOnlySpan<char> rest = node.Text;
        while (true)
        {
            int start = rest.IndexOf("${", StringComparison.Ordinal);
            if (start < 0)
                break;
            int nameChars = NameChars(rest[(start + 2)..]);
            bool isLiteral = start > 0 && rest[start - 1] == '$';
            filled.Append(rest[..(isLiteral && nameChars > 0 ? start - 1 : start)]);
            rest = rest[start..];
            if (nameChars == 0 || isLiteral)
            {
                filled.Append("${");
                rest = rest[2..];
                continue;
            }
            int end = rest.IndexOf('}');
            string? value = end < 0 ? null : ValueOf(rest[2..end], nameChars, node.Position, errors);
            if (end < 0)
                errors?.AddUnknown(node.Position, $"the variable {rest[..(2 + nameChars)]} is not closed", Expected);
            if (value is null)
                return false;
            filled.Append(value);
            rest = rest[(end + 1)..];
        }
        result = new TomlNode(TomlKind.String, filled.Append(rest).ToString(), node.Position) { IsFilledIn = true };
        return true;
    }

    /// <summary>Null, and told, when there is none.</summary>
    private static string? ValueOf(ReadOnlySpan<char> inner, int nameChars, TextPosition position, SettingsErrors? errors)
    {
        string name = inner[..nameChars].ToString();
        ReadOnlySpan<char> behind = inner[nameChars..];
        string? value = Environment.GetEnvironmentVariable(name);
        if (behind.StartsWith(":-"))
            return string.IsNullOrEmpty(value) ? behind[2..].ToString() : value;
        if (behind.IsEmpty && value is not null)
            return value;
        if (behind.IsEmpty)
            errors?.AddUnknown(position, $"the variable {name} is not set", "it in the environment of the proxy, or a default: ${" + name + ":-...}");
        else
            errors?.AddUnknown(position, $"the variable {name} is not written as one", Expected);
        return null;
    }

    /// <summary>Length of the name of a variable at the beginning; 0 = there is none.</summary>
    private static int NameChars(ReadOnlySpan<char> text)
    {
        int count = 0;
        while (count < text.Length && (char.IsAsciiLetterUpper(text[count]) || text[count] == '_' || (count > 0 && char.IsAsciiDigit(text[count]))))
            count++;

        // What goes on as another word is none: it is left alone.
        return count < text.Length && char.IsAsciiLetterLower(text[count]) ? 0 : count;
    }
}
