using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Hosting.Operating;
using Xunit;

namespace NativeProxy.Tests.Hosting.Operating;

/// <summary>What `save` writes into a text, and what it leaves as it is.</summary>
public sealed class ServerEditTests
{
    private const string Listener = "[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:1\"]\nupstream = \"app\"\n";

    [Theory]
    [InlineData("[[upstream.server]]\nname = \"a\"  # first\naddress = \"h:1\"\n",
        "[[upstream.server]]\nname = \"a\"  # first\nstate = \"drain\"\naddress = \"h:1\"\n")]
    [InlineData("  [[upstream.server]]\n  address = \"h:1\"\n\tname = 'a'",
        "  [[upstream.server]]\n  address = \"h:1\"\n\tname = 'a'\n\tstate = \"drain\"")]
    [InlineData("[[upstream.server]]\r\nname = \"a\"\r\naddress = \"h:1\"\r\n",
        "[[upstream.server]]\r\nname = \"a\"\r\nstate = \"drain\"\r\naddress = \"h:1\"\r\n")]
    [InlineData("server = [{ name = \"a\", address = \"h:1\" }] # \u00e9\ud83d\ude00\n",
        "server = [{ name = \"a\", state = \"drain\", address = \"h:1\" }] # \u00e9\ud83d\ude00\n")]
    [InlineData("server = [{ address = \"h:1\", name = \"a\" }]\n", "server = [{ address = \"h:1\", name = \"a\", state = \"drain\" }]\n")]
    [InlineData("[[upstream.server]]\nname = \"a\"\naddress = \"h:1\"\nstate   =   \"ready\" # so\n",
        "[[upstream.server]]\nname = \"a\"\naddress = \"h:1\"\nstate   =   \"drain\" # so\n")]
    [InlineData("# \ud83d\ude00\nserver = [{ name = \"a\", cookie = \"e\", state = 'maintenance', address = \"h:1\" }]\n",
        "# \ud83d\ude00\nserver = [{ name = \"a\", cookie = \"e\", state = \"drain\", address = \"h:1\" }]\n")]
    public void Value_StandsInItsPlace_AndAllElseAsItWas(string before, string after)
    {
        string around = Listener + "[[upstream]]\nname = \"app\"\n";
        SettingsText text = TextOf(around + before);
        var edit = new ServerEdit(text);

        Assert.NotNull(edit.Set(new ServerValue("app/a", "state", "\"drain\""), out string problem));

        SettingsText result = edit.Result();
        Assert.Equal("", problem);
        Assert.Equal(around + after, Encoding.UTF8.GetString(result.Parts[0].Bytes));
        SettingsResult read = SettingsFile.Parse(result);
        Assert.True(read.IsOk, string.Join("\n", read.Errors));
        Assert.Equal(OperatorState.Drain, read.Settings.Upstreams[0].Servers[0].State);
    }

    [Fact]
    public void TwoValues_StandInTheFilesOfTheirServers()
    {
        const string Included = "[[upstream]]\nname = \"app\"\n[[upstream.server]]\nname = \"a\"\naddress = \"h:1\"\nweight = 7\n";
        var text = new SettingsText(
            [new SettingsPart("main.toml", Encoding.UTF8.GetBytes(Listener)), new SettingsPart("app.toml", Encoding.UTF8.GetBytes(Included))],
            CanBeReadAgain: true);
        var edit = new ServerEdit(text);

        Assert.Equal("app.toml:6", edit.Set(new ServerValue("app/a", "weight", "300"), out _));
        Assert.Equal("app.toml:5", edit.Set(new ServerValue("app/a", "state", "\"drain\""), out _));

        SettingsText result = edit.Result();
        Assert.Same(text.Parts[0].Bytes, result.Parts[0].Bytes);
        Assert.Equal(Included.Replace("weight = 7", "weight = 300", StringComparison.Ordinal)
            .Replace("name = \"a\"\n", "name = \"a\"\nstate = \"drain\"\n", StringComparison.Ordinal),
            Encoding.UTF8.GetString(result.Parts[1].Bytes));
        Assert.False(SettingsFile.Parse(result).IsOk);
    }

    [Theory]
    [InlineData("app/b", "[[upstream.server]]\nname = \"a\"\naddress = \"h:1\"\n", "it stands in no [[upstream.server]] of the file")]
    [InlineData("app/a", "servers = [\"h:1\"]\n", "it stands in no [[upstream.server]] of the file")]
    [InlineData("app/a", "[[upstream.server]]\nname = \"a\"\naddress = \"h:1\"\nstate = \"${NOT_SET:-drain}\"\n",
        "its state comes from a variable, in my.toml:10")]
    [InlineData("app/a", "[[upstream.server]]\nname = \"\"\"a\"\"\"\naddress = \"h:1\"\n", "its name is written in three quotes, in my.toml:8")]
    public void ValueThatHasNoPlace_IsTold(string server, string servers, string expected)
    {
        var edit = new ServerEdit(TextOf(Listener + "[[upstream]]\nname = \"app\"\n" + servers));
        Assert.Null(edit.Set(new ServerValue(server, "state", "\"drain\""), out string problem));
        Assert.Equal(expected, problem);
    }

    /// <summary>State set, state in the file that is in force, percent, weight in force, limit; then state and weight in the file now.</summary>
    [Theory]
    [InlineData("ready ready 100 4 null", "", 4, "", "")]
    [InlineData("drain ready 100 4 null", "", 4, "state = \"drain\"", "")]
    [InlineData("drain ready 100 4 null", "drain", 4, "", "")]
    [InlineData("ready drain 100 4 null", "drain", 4, "state = \"ready\"", "")]
    [InlineData("drain drain 100 4 null", "", 4, "", "")]
    [InlineData("ready ready 50 4 null", "", 4, "weight = 2", "")]
    [InlineData("drain ready 50 4 null", "", 4, "state = \"drain\", weight = 2", "")]
    [InlineData("ready ready 50 4 null", "", 2, "", "")]
    [InlineData("ready ready 50 4 null", "", 8, "", "its weight in the file is 8, in force is 4: `nativeproxy reload` first")]
    [InlineData("ready ready 50 1 null", "", 1, "", "50 % of weight 1 is no weight; multiply the weights of its upstream first")]
    [InlineData("ready ready 100 4 20", "", 4, "max_connections = 20", "")]
    [InlineData("ready ready 100 4 0", "", 4, "max_connections = 0", "")]
    [InlineData("ready ready 100 4 9", "", 4, "", "")]
    [InlineData("drain ready 50 4 1", "", 4, "state = \"drain\", weight = 2, max_connections = 1", "")]
    [InlineData("ready ready 10 1 null", "", 1, "", "10 % of weight 1 is no weight; multiply the weights of its upstream first")]
    public void WhatIsSet_IsHeldAgainstTheFile(string set, string state, int weight, string values, string problem)
    {
        string[] words = set.Split(' ');
        using JsonDocument servers = JsonDocument.Parse($$$"""
            [{"upstream": "app", "server": "a", "address": "h:1", "weight": {{{words[3]}}},
              "operator": {"state": "{{{words[0]}}}", "state_in_file": "{{{words[1]}}}", "weight_percent": {{{words[2]}}},
                "max_connections": {{{words[4]}}}}}]
            """);
        string line = state.Length > 0 ? $"state = \"{state}\"\n" : "";
        SettingsResult file = SettingsFile.Parse(TextOf(
            $"{Listener}[[upstream]]\nname = \"app\"\n[[upstream.server]]\nname = \"a\"\naddress = \"h:1\"\nweight = {weight}\n"
            + $"max_connections = 9\n{line}"));
        var problems = new List<string>();

        List<ServerValue> said = SaveCommand.ValuesOf(servers.RootElement, file.Settings, problems);

        Assert.Equal(values, string.Join(", ", said.Select(static value => $"{value.Key} = {value.Value}")));
        Assert.Equal(problem.Length == 0 ? [] : [$"app/a is not saved: {problem}"], problems);
    }

    private static SettingsText TextOf(string text) => new([new SettingsPart("my.toml", Encoding.UTF8.GetBytes(text))], CanBeReadAgain: true);
}
