using System.Linq;
using NativeProxy.Config;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config;

public class ConfigErrorTests
{
    [Fact]
    public void Error_ShowsPlaceLineCaretAndAdvice()
    {
        ConfigError error = new("proxy.toml", 12, 3, 8, "unknown key \"time_out\" in [listener.keepalive]", "one of: enabled, timeout",
            "did you mean \"timeout\"?", "  time_out = \"75s\"", IsWarning: false);

        Assert.Equal("""
            proxy.toml:12:3: unknown key "time_out" in [listener.keepalive]
               12 |   time_out = "75s"
                  |   ^^^^^^^^
              expected one of: enabled, timeout; did you mean "timeout"?
            """.ReplaceLineEndings("\n"), error.ToString());
    }

    [Fact]
    public void Warning_SaysSo()
    {
        ConfigError warning = new("p", 1, 1, 1, "doubtful", "", "a hint", "a = 1", IsWarning: true);

        Assert.Equal("p:1:1: warning: doubtful\n    1 | a = 1\n      | ^\n  a hint", warning.ToString());
    }

    [Fact]
    public void ErrorWithoutPlace_ShowsNoLine()
    {
        ConfigError error = new("p", 0, 0, 0, "the file does not exist", "", "", "", IsWarning: false);

        Assert.Equal("p: the file does not exist", error.ToString());
    }

    [Fact]
    public void Tabs_StayInTheCaretLine() => Assert.Equal("    1 | \ta = 1\n      | \t^", Excerpt(column: 2, width: 1, "\ta = 1"));

    [Fact]
    public void Columns_CountCodePoints() => Assert.Equal("    1 | \U0001F600 = x\n      |     ^", Excerpt(column: 5, width: 1, "\U0001F600 = x"));

    [Theory]
    [InlineData(7, 3)]
    [InlineData(1, 100)]
    [InlineData(99, 1)]
    [InlineData(0, 0)]
    public void CaretOutsideTheLine_StaysAtItsEdge(int column, int width)
    {
        string carets = Excerpt(column, width, "a = 1").Split('\n')[1];

        Assert.True(carets.Length <= "      | a = 1^".Length, carets);
        Assert.Contains('^', carets);
    }

    [Fact]
    public void LongLine_IsCutAroundTheCaret()
    {
        string[] lines = Excerpt(column: 100_001, width: 3, new string('x', 100_000) + "abc" + new string('y', 100_000)).Split('\n');

        Assert.True(lines[0].Length < 150);
        Assert.Equal("abc", lines[0].Substring(lines[1].IndexOf('^'), 3));
    }

    [Theory]
    [InlineData("a\u001b[31m")]
    [InlineData("a\u202Eb")]
    [InlineData("a\0b")]
    public void ControlCharactersOfTheFile_DoNotReachTheTerminal(string text)
    {
        Assert.DoesNotContain(Excerpt(1, 1, text), static c => c is '\u001b' or '\u202E' or '\0');
        Assert.DoesNotContain(ErrorExcerpt.Quoted(text), static c => c is '\u001b' or '\u202E' or '\0');
    }

    [Fact]
    public void Errors_ComeInFileOrder()
    {
        SettingsErrors errors = new("p", "a\r\nb\r\n");
        errors.Add(new TextPosition(2, 1, 1), "third");
        errors.Add(new TextPosition(1, 5, 1), "second");
        errors.Add(new TextPosition(1, 1, 1), "first");
        errors.Add(new TextPosition(2, 1, 1), "fourth");

        Assert.Equal(["first", "second", "third", "fourth"], errors.InFileOrder().Select(static error => error.Problem));
        Assert.Equal("b", errors.InFileOrder()[3].LineText);
    }

    [Fact]
    public void ByteOrderMark_IsNotPartOfTheFirstLine()
    {
        SettingsErrors errors = new("p", "\uFEFFa = 1");
        errors.Add(new TextPosition(1, 1, 1), "wrong");

        Assert.Equal("a = 1", errors.InFileOrder()[0].LineText);
    }

    private static string Excerpt(int column, int width, string line)
    {
        System.Text.StringBuilder text = new();
        ErrorExcerpt.AppendLine(text, 1, column, width, line);
        return text.ToString()[1..];
    }
}
