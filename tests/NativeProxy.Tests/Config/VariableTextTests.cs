using System;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>Variables of the environment in settings. They have names of their own here: the environment is the process's.</summary>
public class VariableTextTests
{
    public VariableTextTests()
    {
        Environment.SetEnvironmentVariable("NP_TEST_PORT", "8081");
        Environment.SetEnvironmentVariable("NP_TEST_EMPTY", "");
        Environment.SetEnvironmentVariable("NP_TEST_TRUE", "true");
        Environment.SetEnvironmentVariable("NP_TEST_HOSTILE", "\"]\n[[listener]]\nname = \"evil\" ${NP_TEST_PORT} $${X}");
    }

    [Theory]
    [InlineData("${NP_TEST_PORT}", "8081")]
    [InlineData("a${NP_TEST_PORT}b${NP_TEST_PORT}", "a8081b8081")]
    [InlineData("${NP_TEST_ABSENT:-x y}", "x y")]
    [InlineData("${NP_TEST_ABSENT:-}", "")]
    [InlineData("${NP_TEST_EMPTY:-x}", "x")]
    [InlineData("${NP_TEST_EMPTY}", "")]
    [InlineData("${NP_TEST_PORT:-1}", "8081")]
    [InlineData("$${NP_TEST_PORT}", "${NP_TEST_PORT}")]
    [InlineData("$$${NP_TEST_PORT}", "$${NP_TEST_PORT}")]
    [InlineData("${host}/${1} $$ $ ${ {NP_TEST_PORT} $${host}", "${host}/${1} $$ $ ${ {NP_TEST_PORT} $${host}")]
    [InlineData("${Np_TEST_PORT}${NPx}", "${Np_TEST_PORT}${NPx}")]
    public void Variable_IsFilledIn(string written, string meant) =>
        Assert.Equal(meant, Parse($"pid_file = '{written}'").Settings.Runtime.PidFile);

    [Fact]
    public void WhatAVariableHolds_IsNeverStructure_AndIsNotFilledInAgain() =>
        Assert.Equal("\"]\n[[listener]]\nname = \"evil\" ${NP_TEST_PORT} $${X}", Parse("pid_file = '${NP_TEST_HOSTILE}'").Settings.Runtime.PidFile);

    [Theory]
    [InlineData("pid_file = \"${NP_TEST_ABSENT}\"", 12, "the variable NP_TEST_ABSENT is not set")]
    [InlineData("workers = \"${NP_TEST_ABSENT}\"", 11, "the variable NP_TEST_ABSENT is not set")]
    [InlineData("engine = \"${NP_TEST_ABSENT}\"", 10, "the variable NP_TEST_ABSENT is not set")]
    [InlineData("drain_timeout = \"${NP_TEST_ABSENT}s\"", 17, "the variable NP_TEST_ABSENT is not set")]
    [InlineData("pid_file = \"a${NP_TEST_PORT\"", 12, "the variable ${NP_TEST_PORT is not closed")]
    [InlineData("pid_file = \"${NP_TEST_PORT:?no}\"", 12, "the variable NP_TEST_PORT is not written as one")]
    [InlineData("pid_file = \"${NP_TEST_PORT-1}\"", 12, "the variable NP_TEST_PORT is not written as one")]
    public void VariableThatCannotBeFilledIn_IsTheOneErrorOfItsValue(string line, int column, string problem)
    {
        ConfigError error = Assert.Single(Parse(line).Errors);

        Assert.Equal((2, column, problem), (error.Line, error.Column, error.Problem));
    }

    [Fact]
    public void NumbersAndTruth_MayComeFromVariables_AsAWholeValue()
    {
        RuntimeSettings runtime = Parse("workers = '${NP_TEST_ABSENT:-3}'\nmax_connections = '${NP_TEST_PORT}'\nreplay_bytes = '${NP_TEST_PORT}'")
            .Settings.Runtime;
        Assert.Equal((3, 8081, 8081), (runtime.Workers, runtime.MaxConnections, runtime.ReplayBytes));
        Assert.True(SettingsTrial.Parse(SettingsTrial.WithListener("freebind = '${NP_TEST_TRUE}'")).Settings.Listeners[0].FreeBind);
    }

    /// <summary>Without a variable, a number in quotes is the mistake that it was.</summary>
    [Theory]
    [InlineData("workers = '3'", "\"workers\" in [runtime] is \"3\"")]
    [InlineData("workers = '${NP_TEST_PORT}'", "\"workers\" in [runtime] is \"8081\"")]
    [InlineData("workers = '${NP_TEST_TRUE}'", "\"workers\" in [runtime] is \"true\"")]
    public void ValueThatDoesNotFit_IsAnError(string line, string problem) => Assert.Equal(problem, Assert.Single(Parse(line).Errors).Problem);

    [Fact]
    public void ListsAndFreeNames_AreFilledInToo_AndKeysAreNot()
    {
        ListenerSettings listener = SettingsTrial.Parse(SettingsTrial.Minimal.Replace("127.0.0.1:8080", "127.0.0.1:${NP_TEST_PORT}")
            .Replace("upstream = \"app\"", "upstream = \"app\"\nerror_pages = { 404 = 'no ${NP_TEST_PORT}' }")).Settings.Listeners[0];
        Assert.Equal(("127.0.0.1:8081", "no 8081"), (listener.Bind[0], listener.ErrorPages[0].Text));
        Assert.Contains("unknown key \"${NP_TEST_PORT}\"", Assert.Single(Parse("'${NP_TEST_PORT}' = 1").Errors).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Includes_MayNameVariables_WhichAreToldOnce()
    {
        using var folder = new SettingsFolder();
        folder.Write("proxy.toml", "include = ['${NP_TEST_ABSENT:-conf.d}/*.toml', '${NP_TEST_ABSENT}.toml']\n" + SettingsTrial.Minimal);
        folder.Write("conf.d/a.toml", "[runtime]\nworkers = '${NP_TEST_ABSENT}'\n");

        string[] told = folder.Problems();

        Assert.Equal(2, told.Length);
        Assert.StartsWith("proxy.toml:1:48: the variable NP_TEST_ABSENT is not set", told[0], StringComparison.Ordinal);
        Assert.StartsWith("conf.d/a.toml:2:11: the variable NP_TEST_ABSENT is not set", told[1], StringComparison.Ordinal);
    }

    private static SettingsResult Parse(string line) => SettingsTrial.Parse("[runtime]\n" + line + "\n" + SettingsTrial.Minimal);
}
