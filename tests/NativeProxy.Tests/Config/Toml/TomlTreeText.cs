using System;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>Writes a tree as one line, `{a=1,b=["x",{c=2020-01-01}]}`, so that tests can compare trees as text.</summary>
internal static class TomlTreeText
{
    /// <summary>Parses a text that must be valid and writes its tree.</summary>
    public static string OfText(string toml) => OfBytes(Encoding.UTF8.GetBytes(toml));

    public static string OfBytes(byte[] utf8)
    {
        Assert.True(TomlDocument.TryParse(utf8, out TomlTable root, out TomlError? error), error?.ToString());
        Assert.Null(error);
        return Of(root);
    }

    /// <summary>Parses a text that must be refused.</summary>
    public static TomlError Refusal(string toml)
    {
        Assert.False(TomlDocument.TryParse(Encoding.UTF8.GetBytes(toml), out TomlTable root, out TomlError? error), $"was read as {Of(root)}");
        Assert.NotNull(error);
        return error;
    }

    public static string Of(TomlTable table) => "{" + string.Join(",", table.Entries.Select(entry => $"{entry.Key}={Of(entry.Value)}")) + "}";

    private static string Of(TomlNode node) => node.Kind switch
    {
        TomlKind.String => $"\"{node.Text}\"",
        TomlKind.Integer => node.Integer.ToString(CultureInfo.InvariantCulture),
        TomlKind.Float => node.Float.ToString("E16", CultureInfo.InvariantCulture),
        TomlKind.Boolean => node.Boolean ? "true" : "false",
        TomlKind.DateOrTime => node.DateOrTime,
        TomlKind.Array => "[" + string.Join(",", node.Items.Select(Of)) + "]",
        TomlKind.Table => Of(node.Table),
        _ => throw new InvalidOperationException($"unknown kind {node.Kind}"),
    };
}
