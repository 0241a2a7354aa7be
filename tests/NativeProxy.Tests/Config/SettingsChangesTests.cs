using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Reflection;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public sealed class SettingsChangesTests
{
    private const string Whole = SettingsTrial.Minimal
        + "[[rate_limit]]\nname = \"l\"\nrate = \"1/s\"\n[[policy]]\nname = \"p\"\n[[route]]\nname = \"r\"\n";

    /// <summary>Walks all settings structs by their properties, so that a key added tomorrow is in it.</summary>
    public static TheoryData<string> EveryKey()
    {
        TheoryData<string> keys = [];
        foreach ((string path, _) in Leaves(typeof(ProxySettings), "", []))
            keys.Add(path);
        return keys;
    }

    [Theory]
    [MemberData(nameof(EveryKey))]
    public void EveryKey_IsCompared(string path)
    {
        string whole = SettingsTrial.WithListener("tls.certificate = [{ file = \"a.pem\" }]") + Whole[SettingsTrial.Minimal.Length..];
        ProxySettings before = SettingsTrial.Parse(whole).Settings;
        PropertyInfo[] steps = Leaves(typeof(ProxySettings), "", []).Single(leaf => leaf.Path == path).Steps;

        SettingChange[] changes = [.. SettingsChanges.Between(before, (ProxySettings)Changed(before, steps))];

        // A table of an array with another name is another table.
        bool isName = steps.Length > 1 && IsList(steps[^2].PropertyType) && path.EndsWith(".name", StringComparison.Ordinal);
        string table = path[..Math.Max(0, path.LastIndexOf('.'))];
        Assert.Equal(isName ? [table, table] : [path], changes.Select(static change => change.Key));
    }

    [Fact]
    public void AllKeysAreThere() => Assert.InRange(EveryKey().Count, 80, 1000);

    [Fact]
    public void EqualSettings_HaveNoChanges() =>
        Assert.Empty(SettingsChanges.Between(SettingsTrial.Parse(Whole).Settings, SettingsTrial.Parse(Whole + "# a comment\n").Settings));

    [Theory]
    [InlineData("keepalive.timeout = \"30s\"", "listener web|keepalive.timeout 75s -> 30s")]
    [InlineData("half_close = \"finish\"", "listener web|half_close abort -> finish")]
    [InlineData("upgrade = [\"websocket\"]", "listener web|upgrade [] -> [websocket]")]
    [InlineData("limits.header_bytes = \"64KiB\"", "listener web|limits.header_bytes 32KiB -> 64KiB")]
    [InlineData("defer_accept = false", "listener web|defer_accept true -> false")]
    public void ChangeOfAListener_IsShownAsInTheFile(string line, string expected) =>
        Assert.Equal([expected], Between(SettingsTrial.Minimal, SettingsTrial.WithListener(line)));

    [Fact]
    public void ServersThatComeAndGo_AreNamed()
    {
        string other = Whole.Replace("name = \"a\"", "name = \"c\"", StringComparison.Ordinal);

        Assert.Equal(["upstream app|server c added", "upstream app|server a removed"], Between(Whole, other));
    }

    [Fact]
    public void ChangedServer_IsNamedWithItsUpstream() =>
        Assert.Equal(["upstream app: server a|address 127.0.0.1:9001 -> 127.0.0.1:9002"],
            Between(Whole, Whole.Replace("9001", "9002", StringComparison.Ordinal)));

    [Fact]
    public void OrderOfServers_IsAChange()
    {
        const string B = "[[upstream.server]]\nname = \"b\"\naddress = \"127.0.0.1:9002\"\n";
        string swapped = SettingsTrial.Minimal.Replace("[[upstream.server]]", B + "[[upstream.server]]", StringComparison.Ordinal);

        Assert.Equal(["upstream app|server: another order"], Between(SettingsTrial.Minimal + B, swapped));
    }

    [Theory]
    [InlineData("", "host = [\"a.example\"]", "route r|host [] -> [a.example]")]
    [InlineData("", "header = { A = true }", "route r|header {} -> { A = true }")]
    [InlineData("header = { A = \"x\" }", "header = { A = { prefix = \"x\" } }", "route r|header { A = \"x\" } -> { A = { prefix = \"x\" } }")]
    [InlineData("split = { app = 1 }", "split = { app = 2 }", "route r|split { app = 1 } -> { app = 2 }")]
    [InlineData("", "respond.status = 503", "route r|respond.status 0 -> 503")]
    public void ChangeOfARoute_IsShownAsInTheFile(string before, string after, string expected) =>
        Assert.Equal([expected], Between(Whole + before, Whole + after));

    /// <summary>What changes goes into the log: a value of a field may be a token.</summary>
    [Theory]
    [InlineData("", "headers = { Authorization = \"Bearer secret\", B = \"1\" }", "Authorization, B changed")]
    [InlineData("headers = { A = \"secret\", B = \"1\" }", "headers = { A = \"other\", B = \"1\" }", "A changed")]
    [InlineData("headers = { A = \"secret\" }", "", "A changed")]
    [InlineData("headers = { A = \"1\", B = \"2\" }", "headers = { B = \"2\", A = \"1\" }", "changed")]
    public void TextsUnderFreeNames_AreToldByTheirNames(string before, string after, string expected)
    {
        Assert.Equal([$"|log.traces.headers {expected}"], Between($"[log.traces]\n{before}\n{Whole}", $"[log.traces]\n{after}\n{Whole}"));
        string Ruled(string line) => Whole + line.Replace("headers", "request_headers.set", StringComparison.Ordinal);
        Assert.Equal([$"route r|request_headers.set {expected}"], Between(Ruled(before), Ruled(after)));
    }

    [Fact]
    public void RouteWithoutAName_IsCalledByItsPlace() =>
        Assert.Equal(["|route route-2 added"], Between(Whole, Whole + "[[route]]\nhost = [\"a\"]"));

    private static IEnumerable<string> Between(string before, string after) =>
        SettingsChanges.Between(SettingsTrial.Parse(before).Settings, SettingsTrial.Parse(after).Settings)
            .Select(static change => $"{change.Owner}|{change.Text}");

    private static IEnumerable<(string Path, PropertyInfo[] Steps)> Leaves(Type table, string prefix, PropertyInfo[] steps)
    {
        foreach (PropertyInfo property in table.GetProperties().Where(static property => property.GetCustomAttribute<SettingAttribute>() is not null))
        {
            string path = prefix + property.GetCustomAttribute<SettingAttribute>()!.Key;
            Type type = ElementOf(property.PropertyType);
            if (type.GetCustomAttribute<SettingsTableAttribute>() is null)
            {
                yield return (path, [.. steps, property]);
            }
            else
            {
                foreach ((string, PropertyInfo[]) leaf in Leaves(type, path + ".", [.. steps, property]))
                    yield return leaf;
            }
        }
    }

    private static Type ElementOf(Type type) => IsList(type) ? type.GetGenericArguments()[0] : type;

    private static bool IsList(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>);

    /// <summary>The same table with another value at the end of the steps; of arrays the first table is changed.</summary>
    private static object Changed(object table, ReadOnlySpan<PropertyInfo> steps)
    {
        object copy = System.Runtime.CompilerServices.RuntimeHelpers.GetObjectValue(table);
        PropertyInfo property = steps[0];
        object? value = property.GetValue(table);
        object changed = steps.Length == 1
            ? Another(value)
            : IsList(property.PropertyType)
            ? WithFirst(value!, steps[1..])
            : Changed(value!, steps[1..]);
        FieldInfo field = table.GetType()
            .GetField("_" + char.ToLowerInvariant(property.Name[0]) + property.Name[1..], BindingFlags.Instance | BindingFlags.NonPublic)!;
        field.SetValue(copy, changed);
        return copy;
    }

    private static object WithFirst(object list, ReadOnlySpan<PropertyInfo> steps)
    {
        object first = ((System.Collections.IList)list)[0]!;
        return list.GetType().GetMethod("SetItem", [typeof(int), first.GetType()])!.Invoke(list, [0, Changed(first, steps)])!;
    }

    private static object Another(object? value) => value switch
    {
        // "auto".
        null => true,
        bool flag => !flag,
        int number => number + 1,
        long number => number + 1,
        string text => text + "x",
        Enum choice => Enum.GetValues(choice.GetType()).Cast<object>().First(other => !other.Equals(choice)),
        ImmutableArray<string> texts => texts.Add("x"),
        ImmutableArray<MatchSettings> matches => matches.Add(new MatchSettings("x", MatchKind.Present, [])),
        ImmutableArray<NamedText> texts => texts.Add(new NamedText("x", "y")),
        ImmutableArray<ShareSettings> shares => shares.Add(new ShareSettings("x", 1)),
        _ when IsList(value.GetType()) =>
        value.GetType().GetMethod("Add", [ElementOf(value.GetType())])!.Invoke(value, [Enum.GetValues(ElementOf(value.GetType())).GetValue(0)])!,
        _ => throw new InvalidOperationException($"no other value is known for {value.GetType()}"),
    };
}
