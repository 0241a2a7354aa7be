using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace NativeProxy.Generators;

/// <summary>
/// Writes the JSON Schema (draft 2020-12) that lets an editor complete and check a settings file. A duration's range cannot be said
/// in JSON Schema; it stands in the description. Model in, text out.
/// </summary>
internal sealed class JsonSchemaEmitter(ImmutableDictionary<string, TableModel> tables)
{
    private const string DurationPattern = "^[0-9]+(ms|s|m|h)$";
    private const string SizePattern = "^[0-9]+(KiB|MiB|GiB)$";

    private const string TextSchema = "{ \"type\": \"string\" }";
    private const string ShareSchema = "{ \"type\": \"integer\", \"minimum\": 0, \"maximum\": 1000000 }";

    private const string MatchSchema = "{ \"anyOf\": [{ \"type\": \"string\" }, { \"type\": \"boolean\" }, "
        + "{ \"type\": \"array\", \"minItems\": 1, \"items\": { \"type\": \"string\" } }, "
        + "{ \"type\": \"object\", \"additionalProperties\": false, \"minProperties\": 1, \"maxProperties\": 1, \"properties\": { "
        + "\"prefix\": { \"type\": \"string\", \"minLength\": 1 }, \"suffix\": { \"type\": \"string\", \"minLength\": 1 }, "
        + "\"contains\": { \"type\": \"string\", \"minLength\": 1 }, \"regex\": { \"type\": \"string\", \"minLength\": 1 } } }] }";

    private readonly JsonWriter _json = new();
    private readonly Stack<string> _open = new();

    public string Emit(TableModel root)
    {
        _json.Begin();
        _json.Text("$schema", "https://json-schema.org/draft/2020-12/schema");
        _json.Text("title", root.Doc);
        EmitTableBody(root);
        _json.End();
        return _json.ToString();
    }

    private void EmitTableBody(TableModel table)
    {
        _json.Text("type", "object");
        _json.Literal("additionalProperties", "false");
        IEnumerable<string> required = table.Settings.Where(static setting => setting.IsRequired && !setting.IsConditional)
            .Select(static setting => SettingWords.Quoted(setting.Key));
        if (required.Any())
            _json.Literal("required", "[" + string.Join(", ", required) + "]");
        _json.Begin("properties");
        foreach (SettingModel setting in table.Settings)
            EmitSetting(setting);
        _json.End();
    }

    private void EmitSetting(SettingModel setting)
    {
        if (setting.IsTable)
        {
            EmitTable(setting);
            return;
        }

        _json.Begin(setting.Key);
        _json.Text("description", Description(setting));
        EmitType(setting);
        _json.Literal(setting.IsRequired ? "examples" : "default",
            setting.IsRequired ? $"[{SettingWords.Literal(setting)}]" : SettingWords.Literal(setting));
        _json.End();
    }

    private void EmitTable(SettingModel setting)
    {
        if (_open.Contains(setting.ElementType) || !tables.TryGetValue(setting.ElementType, out TableModel? table))
            return;
        _open.Push(setting.ElementType);
        _json.Begin(setting.Key);
        _json.Text("description", setting.Doc.Length > 0 ? setting.Doc : table.Doc);
        if (setting.Kind == SettingKind.TableArray)
        {
            _json.Text("type", "array");
            if (setting is { IsRequired: true, IsConditional: false })
                _json.Literal("minItems", "1");
            _json.Begin("items");
            EmitTableBody(table);
            _json.End();
        }
        else
        {
            EmitTableBody(table);
        }

        _json.End();
        _open.Pop();
    }

    private void EmitType(SettingModel setting)
    {
        switch (setting.Kind)
        {
            case SettingKind.Boolean:
                _json.Text("type", "boolean");
                break;
            case SettingKind.AutoBoolean:
                _json.Literal("anyOf", "[{ \"const\": \"auto\" }, { \"type\": \"boolean\" }]");
                break;
            case SettingKind.Integer when setting.MayBeQuoted:
                _json.Literal("anyOf", $"[{IntegerType(setting)}, {{ \"type\": \"string\", \"pattern\": \"^[0-9]+$\" }}]");
                break;
            case SettingKind.Integer when setting.Word.Length > 0:
                _json.Literal("anyOf", $"[{{ \"const\": {SettingWords.Quoted(setting.Word)} }}, {IntegerType(setting)}]");
                break;
            case SettingKind.Integer:
                _json.Text("type", "integer");
                EmitBounds(setting);
                break;
            case SettingKind.AutoInteger:
                _json.Literal("anyOf", $"[{{ \"const\": \"auto\" }}, {IntegerType(setting)}]");
                break;
            case SettingKind.Size:
                _json.Literal("anyOf", $"[{IntegerType(setting)}, {{ \"type\": \"string\", \"pattern\": {SettingWords.Quoted(SizePattern)} }}]");
                break;
            case SettingKind.Duration:
                _json.Text("type", "string");
                _json.Text("pattern", DurationPattern);
                break;
            case SettingKind.TextList or SettingKind.ChoiceList:
                EmitList(setting);
                break;
            case SettingKind.MatchMap or SettingKind.ShareMap or SettingKind.TextMap:
                _json.Text("type", "object");
                _json.Literal("additionalProperties",
                    setting.Kind switch { SettingKind.MatchMap => MatchSchema, SettingKind.ShareMap => ShareSchema, _ => TextSchema });
                break;
            default:
                EmitString(setting, isNotEmpty: setting.IsRequired);
                break;
        }
    }

    private void EmitList(SettingModel setting)
    {
        _json.Text("type", "array");
        if (setting.IsRequired)
            _json.Literal("minItems", "1");
        _json.Begin("items");
        EmitString(setting, isNotEmpty: false);
        _json.End();
    }

    private void EmitString(SettingModel setting, bool isNotEmpty)
    {
        if (setting.Choices.Count > 0)
        {
            _json.Literal("enum", "[" + string.Join(", ", setting.Choices.Select(static choice => SettingWords.Quoted(choice.Name))) + "]");
            return;
        }

        _json.Text("type", "string");
        if (setting.Pattern.Length > 0)
            _json.Text("pattern", setting.Pattern);
        else if (isNotEmpty)
            _json.Literal("minLength", "1");
    }

    private void EmitBounds(SettingModel setting)
    {
        _json.Literal("minimum", SettingWords.Number(setting.Min));
        if (!setting.HasOpenMax)
            _json.Literal("maximum", SettingWords.Number(setting.Max));
    }

    private static string IntegerType(SettingModel setting)
    {
        string max = setting.HasOpenMax ? "" : $", \"maximum\": {SettingWords.Number(setting.Max)}";
        return $"{{ \"type\": \"integer\", \"minimum\": {SettingWords.Number(setting.Min)}{max} }}";
    }

    /// <summary>The meaning, the meaning of each choice, and the range.</summary>
    private static string Description(SettingModel setting)
    {
        IEnumerable<string> choices = setting.Choices.Where(static choice => choice.Doc.Length > 0)
            .Select(static choice => $"\"{choice.Name}\": {choice.Doc}");
        string meaning = choices.Any() ? $"{setting.Doc} {string.Join("; ", choices)}." : setting.Doc;
        string range = setting.Kind is SettingKind.Duration or SettingKind.Size ? SettingWords.Range(setting) : "";
        return range.Length > 0 ? $"{meaning} ({range})" : meaning;
    }
}
