using System;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Explaining;

/// <summary>The way of a connection in words.</summary>
[Trait("promise", "B11")]
public class ConnectionAnswerTests
{
    private const string Tcp = """
        [[listener]]
        name = "db"
        bind = ["127.0.0.1:9443", "127.0.0.1:9500-9509"]
        mode = "tcp"
        upstream = "app"
        [[upstream]]
        name = "other"
        servers = ["127.0.0.1:9"]

        """;

    [Theory]
    [InlineData("source = [\"10.0.0.0/8\"]", "tcp://a.test:9443", "source = [\"10.0.0.0/8\"]")]
    [InlineData("port = [\"9500-9509\"]\nsource = [\"127.0.0.1\"]", "tcp://a.test:9443", "port = [\"9500-9509\"]")]
    [InlineData("port = [\"9443\"]\nsni = [\"b.test\", \"*.c.test\"]", "tcp://a.test:9443", "sni = [\"b.test\", \"*.c.test\"]")]
    [InlineData("sni = [\"b.test\"]", "tcp://:9443", "sni = [\"b.test\"]")]
    [InlineData("sni = [\"b.test\"]", "tcp://127.0.0.1:9443", "sni = [\"b.test\"]")]
    public void ConditionThatDoesNotHold_IsNamed_AndTheListenerSaysWhere(string conditions, string url, string reason) => Assert.EndsWith(
        $"  route \"first\" does not: {reason}\n  no route takes it\n  it goes to upstream \"app\"\n\n", Ask(Routes(conditions), url),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("source = [\"127.0.0.0/8\"]", "tcp://:9443", false)]
    [InlineData("port = [\"9500-9509\"]", "tcp://h:9505", false)]
    [InlineData("sni = [\"*.test\"]", "tcp://A.Test.:9443/", true)]
    public void RouteThatTakesIt_SaysWhere_AndWhetherTheNameIsWaitedFor(string conditions, string url, bool isWaitedFor)
    {
        string text = Ask(Routes(conditions), url);
        Assert.EndsWith("  route \"first\" takes it\n  it goes to upstream \"other\"\n\n", text, StringComparison.Ordinal);
        Assert.Equal(isWaitedFor, text.Contains("its first bytes are waited for, 5s at most (tcp.inspect_timeout): route \"first\" looks",
            StringComparison.Ordinal));
    }

    [Fact]
    public void WithoutARoute_TheListenerSays() => Assert.Equal(
        "a connection to port 9443 for \"a.test\", from 127.0.0.1, on listener \"db\"\n  there is no route\n  it goes to upstream \"app\"\n\n",
        Ask(Tcp, "tcp://a.test:9443"));

    [Theory]
    [InlineData("tcp://a.test", "", "has no port between 1 and 65535")]
    [InlineData("tcp://a.test:0", "", "has no port between 1 and 65535")]
    [InlineData("tcp://a.test:65536", "", "has no port between 1 and 65535")]
    [InlineData("tcp://*.test:1", "", "\"*.test\" is no name of a server")]
    [InlineData("tcp://a b:1", "", "\"a b\" is no name of a server")]
    [InlineData("tcp://a.test:9999", "", "--url: no listener in mode \"tcp\" has port 9999")]
    [InlineData("tcp://a.test:9443", "web", "--listener: there is no listener \"web\" in mode \"tcp\"")]
    public void QuestionThatIsNone_IsTold(string url, string listener, string problem)
    {
        using var output = new StringWriter();
        var questions = new CheckQuestions(Explain: false, new RouteQuestionText(url, "GET", [], "127.0.0.1", listener));
        Assert.Contains(
            problem, questions.Answer(output, SettingsTrial.Parse(SettingsTrial.With(server: Tcp)).Settings, 1), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }

    private static string Routes(string conditions) => $"{Tcp}[[route]]\nname = \"first\"\nlistener = [\"db\"]\nupstream = \"other\"\n{conditions}\n";

    private static string Ask(string more, string url)
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.With(server: more)).Settings;
        using var output = new StringWriter();
        Assert.Null(new CheckQuestions(Explain: false, new RouteQuestionText(url, "GET", [], "127.0.0.1", "")).Answer(output, settings, 1));
        return output.ToString();
    }
}
