using System.Globalization;
using System.Linq;
using System.Text;

namespace NativeProxy.Generators;

/// <summary>How values and ranges of the schema are spelled for readers: the literals are valid in TOML and in JSON alike. Pure.</summary>
internal static class SettingWords
{
    /// <summary>The default (or the example of a required key) as a literal: `"75s"`, `128`, `true`, `["a"]`.</summary>
    public static string Literal(SettingModel setting) => setting.Kind switch
    {
        SettingKind.Boolean or SettingKind.Integer => setting.Value.Text,
        SettingKind.AutoInteger or SettingKind.Size => NumberOrQuoted(setting.Value.Text),
        SettingKind.TextList or SettingKind.ChoiceList => "[" + string.Join(", ", setting.Value.Texts.Select(Quoted)) + "]",
        SettingKind.MatchMap or SettingKind.ShareMap or SettingKind.TextMap => "{}",
        _ => Quoted(setting.Value.Text),
    };

    /// <summary>What a value must look like: `a duration from "0s" to "24h"`. Empty where the default shows it (strings, enums).</summary>
    public static string Range(SettingModel setting) => setting.Kind switch
    {
        SettingKind.Boolean => "true or false",
        SettingKind.AutoBoolean => "\"auto\", true or false",
        SettingKind.Integer when setting.Word.Length > 0 =>
            $"{Quoted(setting.Word)} or an integer " + FromTo(setting, Number(setting.Min), Number(setting.Max)),
        SettingKind.Integer => "an integer " + FromTo(setting, Number(setting.Min), Number(setting.Max)),
        SettingKind.AutoInteger => "\"auto\" or an integer " + FromTo(setting, Number(setting.Min), Number(setting.Max)),
        SettingKind.Duration => "a duration " + FromTo(setting, Quoted(Units.FormatDuration(setting.Min)), Quoted(Units.FormatDuration(setting.Max))),
        SettingKind.Size => "a size " + FromTo(setting, NumberOrQuoted(Units.FormatSize(setting.Min)), NumberOrQuoted(Units.FormatSize(setting.Max))),
        SettingKind.TextList => "a list of strings",
        SettingKind.ChoiceList => "a list of names",
        SettingKind.MatchMap => "a table of NAME = \"text\", [\"any\", \"of\"], true (present), false (absent), or { prefix = \"text\" } "
            + "with prefix, suffix, contains or regex",
        SettingKind.ShareMap => "a table of NAME = integer, not below 0",
        SettingKind.TextMap => "a table of NAME = \"text\"",
        _ => "",
    };

    /// <summary>A basic string of TOML, which is a JSON string as well.</summary>
    public static string Quoted(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (c < ' ' || c == '\u007F')
                quoted.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string FromTo(SettingModel setting, string min, string max) =>
        setting.HasOpenMax ? $"of at least {min}" : $"from {min} to {max}";

    private static string NumberOrQuoted(string text) => text.All(char.IsDigit) ? text : Quoted(text);
}
