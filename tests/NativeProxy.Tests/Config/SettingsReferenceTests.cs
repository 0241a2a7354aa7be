using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeProxy.Config;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config;

public class SettingsReferenceTests
{
    /// <summary>Every default live: a '#' directly before a key goes away, prose has a blank behind its '#'.</summary>
    private static readonly string _uncommented =
        Regex.Replace(SettingsReference.Toml, "^( *)#(?=[a-z_0-9]+ = |[\"[])", "$1", RegexOptions.Multiline);

    [Fact]
    public void Reference_LoadsAsItIs()
    {
        SettingsResult result = SettingsTrial.Parse(SettingsReference.Toml);

        Assert.True(result.IsOk, string.Join("\n", result.Errors));
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void UncommentedReference_BindsToTheDefaults()
    {
        SettingsResult result = SettingsTrial.Parse(_uncommented);

        Assert.NotEqual(SettingsReference.Toml, _uncommented);
        Assert.True(result.IsOk, string.Join("\n", result.Errors));
        const string certificate = "[[listener.tls.certificate]]\nfile = \"/etc/nativeproxy/web.pem\"";
        const string tables = "[[rate_limit]]\nname = \"per-client\"\nrate = \"10/s\"\n[[route]]\n[[policy]]\nname = \"secure\"";
        Assert.Equal(Dump(SettingsTrial.Parse(SettingsTrial.WithListener(certificate) + tables).Settings), Dump(result.Settings));
    }

    [Fact]
    public void UncommentedReference_HasEveryKeyOfTheSchema()
    {
        using JsonDocument schema = JsonDocument.Parse(SettingsReference.JsonSchema);
        TomlNode root = Tree(_uncommented);

        List<string> inSchema = [.. KeysOfSchema(schema.RootElement, "")];
        List<string> inReference = [.. KeysOfTree(root, "")];

        Assert.Equal(inSchema.Order(), inReference.Order());
        Assert.Contains("listener.keepalive.timeout", inSchema);
        Assert.True(inSchema.Count > 50);
    }

    [Fact]
    public void EveryOptionalKey_HasProseAboveIt()
    {
        string[] lines = SettingsReference.Toml.Split('\n');
        for (int i = 1; i < lines.Length; i++)
        {
            if (Regex.IsMatch(lines[i], "^ *#?[a-z_0-9]+ = "))
                Assert.StartsWith("# ", lines[i - 1].TrimStart());
        }
    }

    [Fact]
    public void Reference_FitsAScreenAndUsesLineFeedsOnly()
    {
        Assert.DoesNotContain('\r', SettingsReference.Toml);
        Assert.All(SettingsReference.Toml.Split('\n'), static line => Assert.True(line.Length <= 120 && line.TrimEnd() == line, line));
    }

    [Fact]
    public void Schema_AcceptsTheReference()
    {
        Assert.True(FitsSchema(SettingsReference.Toml));
        Assert.True(FitsSchema(_uncommented));
        Assert.True(FitsSchema(SettingsTrial.Minimal));
    }

    [Theory]
    [InlineData("timeout = \"250ms\"", true)]
    [InlineData("timeout = \"0s\"", true)]
    [InlineData("timeout = 75", false)]
    [InlineData("timeout = \"75\"", false)]
    [InlineData("timeout = \"1h30m\"", false)]
    [InlineData("time_out = \"75s\"", false)]
    [InlineData("enabled = false", true)]
    [InlineData("enabled = \"false\"", false)]
    [InlineData("max_requests = 0", true)]
    [InlineData("max_requests = -1", false)]
    [InlineData("connection_header = \"always\"", true)]
    [InlineData("connection_header = \"never\"", false)]
    public void Schema_AgreesWithTheBinder(string line, bool isOk)
    {
        string toml = SettingsTrial.WithListener("[listener.keepalive]\n" + line);

        Assert.Equal(isOk, FitsSchema(toml));
        Assert.Equal(isOk, SettingsTrial.Parse(toml).IsOk);
    }

    [Theory]
    [InlineData("[runtime]\nworkers = 4", true)]
    [InlineData("[runtime]\nworkers = \"auto\"", true)]
    [InlineData("[runtime]\nworkers = 0", false)]
    [InlineData("[runtime]\nworkers = \"all\"", false)]
    [InlineData("[admin]\nbind = \"\"", true)]
    [InlineData("[admin]\nbind = \"127.0.0.1:9901\"", true)]
    [InlineData("[admin]\nbind = \"127.0.0.1\"", false)]
    [InlineData("[log]\naccess = \"\"", false)]
    [InlineData("[[runtime]]", false)]
    [InlineData("[surprise]", false)]
    public void Schema_AgreesWithTheBinderOnProcessSettings(string lines, bool isOk)
    {
        string toml = lines + "\n" + SettingsTrial.Minimal;

        Assert.Equal(isOk, FitsSchema(toml));
        Assert.Equal(isOk, SettingsTrial.Parse(toml).IsOk);
    }

    [Theory]
    [InlineData("header_bytes = 4096", true)]
    [InlineData("header_bytes = \"4KiB\"", true)]
    [InlineData("header_bytes = 255", false)]
    [InlineData("header_bytes = \"4KB\"", false)]
    public void Schema_AgreesWithTheBinderOnSizes(string line, bool isOk)
    {
        string toml = SettingsTrial.WithListener("[listener.limits]\n" + line);

        Assert.Equal(isOk, FitsSchema(toml));
        Assert.Equal(isOk, SettingsTrial.Parse(toml).IsOk);
    }

    [Theory]
    [InlineData("header = { X-A = \"a\", x = [\"a\", \"b\"], y = true, z = { prefix = \"p\" } }", true)]
    [InlineData("header = { X-A = 1 }", false)]
    [InlineData("header = { X-A = [] }", false)]
    [InlineData("header = { X-A = { prefix = \"p\", suffix = \"s\" } }", false)]
    [InlineData("header = { X-A = { start = \"p\" } }", false)]
    [InlineData("header = { X-A = { regex = \"\" } }", false)]
    [InlineData("header = \"X-A\"", false)]
    [InlineData("split = { app = 5 }", true)]
    [InlineData("split = { app = -1 }", false)]
    [InlineData("split = { app = \"5\" }", false)]
    public void Schema_AgreesWithTheBinderOnMaps(string line, bool isOk)
    {
        string toml = SettingsTrial.Minimal + "[[route]]\n" + line;

        Assert.Equal(isOk, FitsSchema(toml));
        Assert.Equal(isOk, SettingsTrial.Parse(toml).IsOk);
    }

    [Theory]
    [InlineData("[[listener]]")]
    [InlineData("[[upstream.server]]")]
    public void Schema_RefusesTablesWithoutTheirRequiredKeys(string header) => Assert.False(FitsSchema(SettingsTrial.Minimal + header));

    private static bool FitsSchema(string toml)
    {
        using JsonDocument schema = JsonDocument.Parse(SettingsReference.JsonSchema);
        return JsonSchemaCheck.IsValid(schema.RootElement, Tree(toml));
    }

    private static TomlNode Tree(string toml)
    {
        Assert.True(TomlDocument.TryParse(Encoding.UTF8.GetBytes(toml), out TomlTable root, out TomlError? error), error?.Problem);
        return new TomlNode(TomlKind.Table, root, default);
    }

    private static IEnumerable<string> KeysOfSchema(JsonElement table, string path)
    {
        foreach (JsonProperty property in table.GetProperty("properties").EnumerateObject())
        {
            JsonElement body = property.Value.TryGetProperty("items", out JsonElement items) ? items : property.Value;
            if (!body.TryGetProperty("properties", out _))
            {
                yield return path + property.Name;
            }
            else
            {
                foreach (string key in KeysOfSchema(body, path + property.Name + "."))
                    yield return key;
            }
        }
    }

    private static IEnumerable<string> KeysOfTree(TomlNode table, string path)
    {
        foreach (TomlEntry entry in table.Table.Entries)
        {
            TomlNode body = entry.Value is { Kind: TomlKind.Array, Items: [{ Kind: TomlKind.Table }, ..] } ? entry.Value.Items[0] : entry.Value;
            if (body.Kind != TomlKind.Table || body.Table.Entries.Count == 0)
            {
                yield return path + entry.Key;
            }
            else
            {
                foreach (string key in KeysOfTree(body, path + entry.Key + "."))
                    yield return key;
            }
        }
    }

    /// <summary>All properties, in depth, as text.</summary>
    private static string Dump(object value)
    {
        if (value is string or System.Enum || value.GetType().IsPrimitive)
            return $"{value}";
        if (value is IEnumerable items)
            return "[" + string.Join(",", items.Cast<object>().Select(Dump)) + "]";
        IEnumerable<string> members = value.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Select(property => $"{property.Name}={Dump(property.GetValue(value) ?? "null")}");
        return "{" + string.Join(";", members) + "}";
    }
}
