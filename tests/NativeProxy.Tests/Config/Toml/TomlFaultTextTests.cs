using NativeProxy.Config;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>What people read about a text that is not TOML: our words and our places, whatever the library beneath says.</summary>
public sealed class TomlFaultTextTests
{
    [Theory]
    [InlineData("[runtime\nworkers = 1", "1:9", "a table header is not closed")]
    [InlineData("[[listener]\n", "1:11", "a table header is not closed")]
    [InlineData("[a]]", "1:4", "something follows on a line that should have ended")]
    [InlineData("[a] x", "1:5", "something follows on a line that should have ended")]
    [InlineData("[run time]", "1:6", "a table header is not closed")]
    [InlineData("[]", "1:2", "a key is missing before ']'")]
    [InlineData("[a.]", "1:4", "a key is missing before ']'")]
    [InlineData("a 1", "1:3", "a key is not followed by '='")]
    [InlineData("a: 1", "1:2", "a key is not followed by '='")]
    [InlineData("a =", "1:4", "the text ends where a value should be")]
    [InlineData("a = # c", "1:5", "a value is missing")]
    [InlineData("a = 1 b = 2", "1:7", "something follows on a line that should have ended")]
    [InlineData("a = 64s", "1:5", "a value is neither a number nor a date or time")]
    [InlineData("a = 64]", "1:7", "something follows on a line that should have ended")]
    [InlineData("a = yes", "1:5", "a word without quotes is not a value")]
    [InlineData("a = True", "1:5", "a word without quotes is not a value")]
    [InlineData("a = -", "1:5", "a number lacks digits")]
    [InlineData("a = +x", "1:5", "a number lacks digits")]
    [InlineData("a = -0x40", "1:5", "a hexadecimal, octal or binary integer has a sign")]
    [InlineData("a = 0X40", "1:5", "a value is neither a number nor a date or time")]
    [InlineData("a = 0x", "1:5", "a number lacks digits")]
    [InlineData("a = 6e", "1:5", "a number lacks digits")]
    [InlineData("a = 64.", "1:5", "a number lacks digits")]
    [InlineData("a = 064", "1:5", "a number begins with a superfluous zero")]
    [InlineData("a = 1__0", "1:5", "an underscore does not stand between digits")]
    [InlineData("a = 0x1_", "1:5", "an underscore does not stand between digits")]
    [InlineData("a = 99999999999999999999", "1:5", "an integer does not fit 64 bits")]
    [InlineData("a = 0xFFFFFFFFFFFFFFFF", "1:5", "an integer does not fit 64 bits")]
    [InlineData("a = \"abc", "1:5", "a string is not closed on its line")]
    [InlineData("a = 'abc\nb = 1", "1:5", "a string is not closed on its line")]
    [InlineData("a = \"\"\"abc", "1:5", "a multi-line string is not closed")]
    [InlineData("a = 'x\u0001'", "1:7", "a string holds a control character")]
    [InlineData("# \u0001", "1:3", "a control character stands in the text")]
    [InlineData("a = 1 \u0001", "1:7", "a control character stands in the text")]
    [InlineData("a = 1\r#", "1:6", "a carriage return stands without a line feed")]
    [InlineData("a = 'x\ry'", "1:7", "a carriage return stands without a line feed")]
    [InlineData("a = \"\\q\"", "1:6", "an escape sequence is unknown")]
    [InlineData("a = \"\\u12\"", "1:6", "an escape sequence is not a Unicode scalar value")]
    [InlineData("a = \"\\xZ1\"", "1:6", "an escape sequence is not a Unicode scalar value")]
    [InlineData("a = 2023-02-30", "1:5", "a date or time is not written as TOML has it, or does not exist")]
    [InlineData("a = [1 2]", "1:8", "an array item is followed by neither ',' nor ']'")]
    [InlineData("a = [, 1]", "1:6", "a value is missing")]
    [InlineData("a = [1", "1:7", "the text ends too early")]
    [InlineData("a = [1, # c", "1:12", "the text ends where a value should be")]
    [InlineData("a = [", "1:6", "the text ends where a value should be")]
    [InlineData("a = {", "1:6", "the text ends where a key should be")]
    [InlineData("a = { b", "1:8", "the text ends too early")]
    [InlineData("a = { b = ", "1:11", "the text ends where a value should be")]
    [InlineData("a = { b = 1", "1:12", "the text ends too early")]
    [InlineData("a = { b = 1 c = 2 }", "1:13", "a pair of an inline table is followed by neither ',' nor '}'")]
    [InlineData("a = { b = 1,", "1:13", "the text ends where a key should be")]
    [InlineData("a = {,}", "1:6", "a key has a character that needs quotes")]
    [InlineData("= 1", "1:1", "a key is missing before '='")]
    [InlineData("a..b = 1", "1:3", "a key is missing before '.'")]
    [InlineData("a.\n", "1:3", "the line ends where a key should be")]
    [InlineData("a", "1:2", "the text ends too early")]
    [InlineData("\"\"\"a\"\"\" = 1", "1:1", "a key is written as a multi-line string")]
    [InlineData("\u00e4 = 1", "1:1", "a key has a character that needs quotes")]
    [InlineData("a = 1\na = 2", "2:1", "the key 'a' is defined twice (first on line 1)")]
    [InlineData("[a]\n[a]", "2:2", "the key 'a' is defined twice (first on line 1)")]
    [InlineData("a = {}\n[a.b]", "2:2", "the key 'a' is defined twice (first on line 1)")]
    public void BrokenText_IsExplained(string toml, string place, string problem)
    {
        TomlError error = TomlTreeText.Refusal(toml);

        Assert.Equal((place, problem), ($"{error.Position.Line}:{error.Position.Column}", error.Problem));
        Assert.NotEmpty(error.Expected);
    }

    [Fact]
    public void UnknownMessage_IsShownInTheWordsOfTheLibrary()
    {
        TomlFault fault = TomlFaultText.Of("a = b c", 4, "a thing of a later version");

        Assert.Equal(new TomlFault(4, 1, "the text is not TOML: a thing of a later version", ""), fault);
    }

    [Fact]
    public void WholeMessage_HasPlaceExcerptCaretAndAdvice()
    {
        string message = SettingsTrial.Parse("[runtime]\nworkers = 2\nengine = epoll # fast\n"u8, "p.toml").Errors[0].ToString();

        Assert.Equal("""
            p.toml:3:10: a word without quotes is not a value
                3 | engine = epoll # fast
                  |          ^^^^^
              expected a string in quotes, a number, true, false, a date or time, an array or an inline table
            """.ReplaceLineEndings("\n"), message);
    }
}
