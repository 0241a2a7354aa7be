using System;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeProxy.Config.Toml;

namespace NativeProxy.Tests.Config;

/// <summary>
/// Validates a TOML tree against the part of JSON Schema draft 2020-12 that the generated schema uses; an unknown keyword fails,
/// so that the schema cannot grow beyond what is tested here.
/// </summary>
internal static class JsonSchemaCheck
{
    public static bool IsValid(JsonElement schema, TomlNode node) =>
        schema.EnumerateObject().All(keyword => Holds(keyword.Name, keyword.Value, schema, node));

    private static bool Holds(string keyword, JsonElement value, JsonElement schema, TomlNode node) => keyword switch
    {
        "$schema" or "title" or "description" or "default" or "examples" => true,
        "type" => TypeOf(node) == value.GetString(),
        "enum" => value.EnumerateArray().Any(one => node.Kind == TomlKind.String && one.GetString() == node.Text),
        "const" => node.Kind == TomlKind.String && value.GetString() == node.Text,
        "anyOf" => value.EnumerateArray().Any(one => IsValid(one, node)),
        "pattern" => node.Kind != TomlKind.String || Regex.IsMatch(node.Text, value.GetString()!, RegexOptions.ECMAScript),
        "minimum" => node.Kind != TomlKind.Integer || node.Integer >= value.GetInt64(),
        "maximum" => node.Kind != TomlKind.Integer || node.Integer <= value.GetInt64(),
        "minLength" => node.Kind != TomlKind.String || node.Text.Length >= value.GetInt32(),
        "minItems" => node.Kind != TomlKind.Array || node.Items.Count >= value.GetInt32(),
        "items" => node.Kind != TomlKind.Array || node.Items.All(item => IsValid(value, item)),
        "required" => node.Kind != TomlKind.Table || value.EnumerateArray().All(key => node.Table.Find(key.GetString()!) is not null),
        "properties" => node.Kind != TomlKind.Table
        || node.Table.Entries.All(entry => !value.TryGetProperty(entry.Key, out JsonElement one) || IsValid(one, entry.Value)),
        "minProperties" => node.Kind != TomlKind.Table || node.Table.Entries.Count >= value.GetInt32(),
        "maxProperties" => node.Kind != TomlKind.Table || node.Table.Entries.Count <= value.GetInt32(),
        "additionalProperties" when value.ValueKind == JsonValueKind.Object =>
        node.Kind != TomlKind.Table || node.Table.Entries.All(entry => IsValid(value, entry.Value)),
        "additionalProperties" =>
        node.Kind != TomlKind.Table || node.Table.Entries.All(entry => schema.GetProperty("properties").TryGetProperty(entry.Key, out _)),
        _ => throw new NotSupportedException(keyword),
    };

    private static string TypeOf(TomlNode node) => node.Kind switch
    {
        TomlKind.Table => "object",
        TomlKind.Array => "array",
        TomlKind.Boolean => "boolean",
        TomlKind.Integer => "integer",
        TomlKind.Float => "number",
        _ => "string",
    };
}
