using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Http;
using NativeProxy.Recording;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>Bodies of questions, and what the questions that have one answer to bodies that are wrong.</summary>
public sealed class JsonBodyTests : IDisposable
{
    private const string NoObject = "the body is no JSON object";

    /// <summary>Nothing, no JSON, something else than an object, something behind it, too deep, bytes and escapes that are no text.</summary>
    private static readonly string[] NoObjectBodies =
    [
        "", " ", "{", "}", "{\"a\": 1,}", "{'a': 1}", "// a\n{}", "[]", "5", "null", "\"a\"", "{\"a\": 1}x", "{} {}", "{\"a\": {\"b\": {\"c\": 1}}}",
        "{\"a\": [[[]]]}", "{\"a\": \"\u0001\"}", "\u00ef\u00bb\u00bf{}", "\u0000",
    ];

    private readonly AdminTrial _trial = new();

    public static TheoryData<string> NoObjects => new(NoObjectBodies);

    public void Dispose() => _trial.Boards.Recordings.Dispose();

    [Fact]
    public void Members_AreHandedOver_InOrder_AndEachTimeTheyStandThere()
    {
        var heard = new List<string>();
        string problem = JsonBody.ProblemOf(
            Bytes("""{ "a": 1, "b": [2], "a": null }"""), (in member) =>
            {
                heard.Add($"{member.Name}={member.Value.GetRawText()}");
                return null;
            });
        Assert.Equal("", problem);
        Assert.Equal(["a=1", "b=[2]", "a=null"], heard);
        Assert.Equal("", JsonBody.ProblemOf("{}"u8, static (in _) => "never"));
    }

    [Fact]
    public void LastThingThatIsWrong_IsTold()
    {
        string problem = JsonBody.ProblemOf(
            Bytes("""{"a": 1, "b": 2, "c": 3}"""), static (in member) => member.Name == "c" ? null : $"{member.Name} is wrong");
        Assert.Equal("b is wrong", problem);
    }

    [Theory]
    [MemberData(nameof(NoObjects))]
    public void WhatIsNoObject_IsTold(string body) => Assert.Equal(NoObject, JsonBody.ProblemOf(Bytes(body), static (in _) => null));

    [Theory]
    [InlineData("{\"a\": \"\u00ff\"}")]
    [InlineData("{\"a\": \"\\ud800\"}")]
    [InlineData("{\"a\": 5}")]
    [InlineData("{\"a\": [\"x\"]}")]
    public void ValueThatIsNoText_IsTold_WhereTextIsRead(string body) =>
        Assert.Equal(NoObject, JsonBody.ProblemOf(Bytes(body), static (in member) => member.Value.GetString()![..0]));

    [Theory]
    [InlineData("1", 1L)]
    [InlineData("9", 9L)]
    [InlineData("0", null)]
    [InlineData("10", null)]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("1e0", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("\"5\"", null)]
    [InlineData("null", null)]
    [InlineData("[5]", null)]
    public void Number_IsAWholeOne_BetweenItsBounds(string value, long? expected)
    {
        long? read = -1;
        JsonBody.ProblemOf(Bytes($"{{\"a\": {value}}}"), (in member) =>
        {
            read = JsonBody.NumberIn(member.Value, 1, 9);
            return null;
        });
        Assert.Equal(expected, read);
    }

    [Theory]
    [InlineData("{}", "nothing is to be set: expected \"state\", \"weight_percent\" or \"max_connections\"")]
    [InlineData("""{"state": "off"}""", "expected \"state\": ")]
    [InlineData("""{"state": null}""", "expected \"state\": ")]
    [InlineData("""{"state": "drain", "more": 1}""", "expected \"state\": ")]
    [InlineData("""{"state": "drain", "state": "drain"}""", "expected \"state\": ")]
    [InlineData("""{"max_connections": 1000001}""", "expected \"state\": ")]
    [InlineData("""{"weight_percent": [50]}""", "expected \"state\": ")]
    [InlineData("{\"st\u00ffate\": \"drain\"}", "expected \"state\": ")]
    [InlineData("{\"state\": \"\u00ff\"}", NoObject)]
    [InlineData("""{"state": "drain"} 5""", NoObject)]
    public void WishOfAServer_SaysWhatIsWrong(string body, string problem)
    {
        Assert.False(ServerWish.TryRead(Bytes(body), out _, out string said));
        Assert.StartsWith(problem, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "expected \"client\", \"listener\" or \"route\"")]
    [InlineData("""{"client": "127.0.0.1", "upstream": "app"}""", "expected \"client\", \"listener\" or \"route\"")]
    [InlineData("""{"client": "nobody"}""", "\"client\" is no term of a recording, or has no such value; expected client")]
    [InlineData("""{"listener": 5}""", "\"listener\" is no term")]
    [InlineData("""{"upstream": "app", "seconds": 3601, "bodies": 1}""", "\"bodies\" is no term")]
    [InlineData("{\"st\u00ffate\": \"drain\"}", NoObject)]
    [InlineData("{\"route\": \"\\udc00\"}", NoObject)]
    [InlineData("""{"upstream": "app"},""", NoObject)]
    public void TermsOfARecording_SayWhatIsWrong(string body, string problem)
    {
        SmallResponse answer = Ask(new RecordingApi(_trial.Boards.Recordings, _trial.State), HttpMethod.Post, "/api/recording", body);
        Assert.StartsWith(problem, Encoding.UTF8.GetString(answer.Body.Span), StringComparison.Ordinal);
        Assert.Equal((400, 0), (answer.StatusCode, _trial.Boards.Recordings.Order.Number));
    }

    /// <summary>A name that stands there again counts once more, as it always did: the last value.</summary>
    [Fact]
    public void TermThatIsSaidTwice_IsTheLastOne()
    {
        SmallResponse answer = Ask(
            new RecordingApi(_trial.Boards.Recordings, _trial.State), HttpMethod.Post, "/api/recording",
            """{"upstream": "web", "connections": 3, "connections": 4, "upstream": "app"}""");
        RecordingTerms terms = _trial.Boards.Recordings.Order.Terms;
        Assert.Equal((200, 4, true), (answer.StatusCode, terms.ConnectionsMax, terms.Upstream.Equals("app")));
    }

    /// <summary>These say what is right, whatever is wrong.</summary>
    [Theory]
    [InlineData("PATCH", "/api/log", "expected {\"level\": \"WORD\"}, of these words: info, warn, error\n")]
    [InlineData("POST", "/api/cache/purge", "expected {\"url\": \"http://HOST/PATH\"}, in visible ASCII and without a fragment\n")]
    public void LevelAndUrl_SayWhatIsRight(string method, string path, string expected)
    {
        var said = new List<string>();
        var powers = new AdminPowers(static _ => null, static _ => { }, static () => { }, static () => { })
        {
            Say = said.Add, SetLogLevel = level => said.Add(level.ToString()),
        };
        ApiSubject api = path == "/api/log" ? new LogApi(_trial.State, powers)
            : new ProcessApi(_trial.Boards, _trial.State, new AdminGuard(_trial.State), powers);
        string good = path == "/api/log" ? "\"level\": \"warn\"" : "\"url\": \"http://a.example/\"";
        string name = good.Split(':')[0];
        string[] wrong =
        [
            "{}", $"{{{good}}} x", $"{{{good}, {good}}}", $"{{{good}, \"more\": 1}}", $"[{good}]", $"{{{name}: null}}", $"{{{name}: 1}}",
            $"{{{name}: \"\"}}", $"{{{name}: \"\u00ff\"}}", $"{{{name}: \"\\ud800\"}}", $"{{{name}: {{{good}}}}}",
        ];
        foreach (string body in NoObjectBodies.Concat(wrong))
        {
            SmallResponse answer = Ask(api, method == "PATCH" ? HttpMethod.Patch : HttpMethod.Post, path, body);
            Assert.Equal((body, 400, expected), (body, answer.StatusCode, Encoding.UTF8.GetString(answer.Body.Span)));
        }
        Assert.Empty(said);
    }

    private static SmallResponse Ask(ApiSubject api, HttpMethod method, string path, string body) =>
        api.Respond(path, new SmallRequest(method, Bytes(path)) { Body = Bytes(body) })!.Value;

    /// <summary>Each character is one byte.</summary>
    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
