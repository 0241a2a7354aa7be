using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using NativeProxy.Admin;
using NativeProxy.Foundation;
using NativeProxy.Http;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>The level of the log by the API.</summary>
public sealed class LogApiTests
{
    private readonly List<LogLevel> _set = [];
    private readonly LogApi _api;
    private LogLevel _level = LogLevel.Warn;

    public LogApiTests()
    {
        var powers = new AdminPowers(static _ => null, static _ => { }, static () => { }, static () => { })
        {
            LogLevel = () => _level,
            SetLogLevel = level =>
            {
                _set.Add(level);
                _level = level;
            },
        };
        _api = new LogApi(new AdminTrial().State, powers);
    }

    [Fact]
    public void Level_IsShownWithThatOfTheFile()
    {
        JsonElement log = JsonOf(Ask(HttpMethod.Get));
        Assert.Equal(("warn", "info"), (log.GetProperty("level").GetString(), log.GetProperty("level_in_file").GetString()));
        Assert.False(log.TryGetProperty("lasts", out _));
        Assert.Empty(_set);
    }

    [Theory]
    [InlineData("info")]
    [InlineData("warn")]
    [InlineData("error")]
    public void Level_IsSet_AndTheAnswerSaysHowLongItHolds(string level)
    {
        JsonElement log = JsonOf(Ask(HttpMethod.Patch, $$"""{"level": "{{level}}"}"""));
        Assert.Equal(level, log.GetProperty("level").GetString());
        string lasts = log.GetProperty("lasts").GetString()!;
        Assert.StartsWith("over reloads, until one whose file says another log.level", lasts, StringComparison.Ordinal);
        Assert.Equal([LogLevels.Named(level)!.Value], _set);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"warn\"")]
    [InlineData("""{"level": "warning"}""")]
    [InlineData("""{"level": "WARN"}""")]
    [InlineData("""{"level": 1}""")]
    [InlineData("""{"level": null}""")]
    [InlineData("""{"level": {"a": 1}}""")]
    [InlineData("""{"level": "warn", "level": "info"}""")]
    [InlineData("""{"level": "warn", "more": true}""")]
    [InlineData("""{"state": "drain"}""")]
    public void WrongBody_ChangesNothing(string body)
    {
        SmallResponse response = Ask(HttpMethod.Patch, body);
        Assert.Equal(400, response.StatusCode);
        Assert.Contains("info, warn, error", Encoding.UTF8.GetString(response.Body.Span), StringComparison.Ordinal);
        Assert.Empty(_set);
    }

    [Fact]
    public void OtherMethodsAndPaths_AreNotItsOwn()
    {
        Assert.Equal(405, Ask(HttpMethod.Post, """{"level": "warn"}""").StatusCode);
        Assert.Null(_api.Respond("/api/logs", new SmallRequest(HttpMethod.Get, "/api/logs"u8)));
        Assert.Empty(_set);
    }

    private SmallResponse Ask(HttpMethod method, string body = "") =>
        _api.Respond("/api/log", new SmallRequest(method, "/api/log"u8) { Body = Encoding.UTF8.GetBytes(body) })!.Value;

    private static JsonElement JsonOf(SmallResponse response)
    {
        Assert.Equal(200, response.StatusCode);
        return JsonDocument.Parse(response.Body).RootElement;
    }
}
