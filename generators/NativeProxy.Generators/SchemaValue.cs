using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace NativeProxy.Generators;

/// <summary>
/// Reads a default, an example or a bound that an attribute gives in the spelling of the file. Pure; null = wrong type for the kind.
/// </summary>
internal static class SchemaValue
{
    /// <summary>What an argument of this kind must look like, for the diagnostic.</summary>
    public static string Expected(SettingKind kind) => kind switch
    {
        SettingKind.Boolean => "true or false",
        SettingKind.AutoBoolean => "\"auto\"",
        SettingKind.Integer => "an integer",
        SettingKind.AutoInteger => "\"auto\" or an integer",
        SettingKind.Duration => "a duration such as \"75s\"",
        SettingKind.Size => "an integer or a size such as \"64KiB\"",
        SettingKind.Text => "a string",
        SettingKind.Choice => "the name of a member in the file",
        SettingKind.TextList => "an array of strings",
        SettingKind.ChoiceList => "an array of names of members in the file",
        _ => "absent",
    };

    public static SettingValue? Read(TypedConstant constant, SettingKind kind, EquatableArray<ChoiceModel> choices)
    {
        object? value = constant.Kind == TypedConstantKind.Array ? null : constant.Value;
        return kind switch
        {
            SettingKind.Boolean => value is bool flag ? Single(flag ? 1 : 0, flag ? "true" : "false") : null,
            SettingKind.AutoInteger or SettingKind.AutoBoolean when value is "auto" => Single(0, "auto"),
            SettingKind.Integer or SettingKind.AutoInteger or SettingKind.Duration or SettingKind.Size =>
                TryNumber(constant, kind, out long number) ? Single(number, Spelling(value)) : null,
            SettingKind.Text => value is string text ? Single(0, text) : null,
            SettingKind.Choice => value is string name && choices.Any(choice => choice.Name == name) ? Single(0, name) : null,
            SettingKind.TextList => ReadTexts(constant),
            SettingKind.ChoiceList =>
            ReadTexts(constant) is SettingValue names && names.Texts.All(name => choices.Any(choice => choice.Name == name)) ? names : null,
            _ => null,
        };
    }

    /// <summary>Reads the number behind an integer, a duration or a size.</summary>
    public static bool TryNumber(TypedConstant constant, SettingKind kind, out long number)
    {
        number = 0;
        switch (constant.Kind == TypedConstantKind.Primitive ? constant.Value : null)
        {
            case int small when kind != SettingKind.Duration:
                number = small;
                return true;
            case long large when kind != SettingKind.Duration:
                number = large;
                return true;
            case string text when kind == SettingKind.Duration:
                return Units.TryParseDuration(text, out number);
            case string text when kind == SettingKind.Size:
                return Units.TryParseSize(text, out number);
            default:
                return false;
        }
    }

    private static SettingValue? ReadTexts(TypedConstant constant)
    {
        if (constant.Kind != TypedConstantKind.Array || constant.IsNull || constant.Values.Any(static item => item.Value is not string))
            return null;
        IEnumerable<string> texts = constant.Values.Select(static item => (string)item.Value!);
        return new SettingValue(0, new EquatableArray<string>(texts));
    }

    private static SettingValue Single(long number, string text) => new(number, new EquatableArray<string>([text]));

    private static string Spelling(object? value) => System.Convert.ToString(value, CultureInfo.InvariantCulture);
}
