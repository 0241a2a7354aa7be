using Xunit;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>What may be defined and extended, each beside its forbidden twin.</summary>
public sealed class TomlTableRuleTests
{
    [Theory]
    [InlineData("[a.b]\n[a]\nx=1", "{a={b={},x=1}}")]
    [InlineData("[a]\nb.c=1\nb.d=2", "{a={b={c=1,d=2}}}")]
    [InlineData("[a]\nb.c=1\n[a.b.e]\nx=1", "{a={b={c=1,e={x=1}}}}")]
    [InlineData("[a.b.c]\n[a]\nb.x=1", "{a={b={c={},x=1}}}")]
    [InlineData("[[a]]\nx=1\n[[a]]\nx=2", "{a=[{x=1},{x=2}]}")]
    [InlineData("[[a]]\n[a.b]\n[[a]]\n[a.b]", "{a=[{b={}},{b={}}]}")]
    [InlineData("[[a.b]]\n[a]\nx=1", "{a={b=[{}],x=1}}")]
    [InlineData("[a]\nb.c=1\n[[a.b.d]]\nx=1", "{a={b={c=1,d=[{x=1}]}}}")]
    [InlineData("a={b.c=1,b.d=2}", "{a={b={c=1,d=2}}}")]
    [InlineData("a=[{b=1},{b=2}]", "{a=[{b=1},{b=2}]}")]
    [InlineData("1.2=3\n\"1.2\"=4\n''=5", "{1={2=3},1.2=4,=5}")]
    public void LawfulDefinition_IsRead(string toml, string expected) => Assert.Equal(expected, TomlTreeText.OfText(toml));

    [Theory]
    [InlineData("[a]\n[a]", "2:2")]
    [InlineData("[a.b]\n[a]\n[a]", "3:2")]
    [InlineData("a=1\n\"\\u0061\"=2", "2:1")]
    [InlineData("[a]\nb.c=1\n[a.b]", "3:4")]
    [InlineData("[a.b]\n[a]\nb.c=1", "3:1")]
    [InlineData("[a.b.c]\n[a]\nb.x=1\n[a.b]", "4:4")]
    [InlineData("[a]\n[[a]]", "2:3")]
    [InlineData("[[a]]\n[a]", "2:2")]
    [InlineData("[[a.b]]\n[a]\nb.x=1", "3:1")]
    [InlineData("[[a.b]]\n[[a]]", "2:3")]
    [InlineData("a=[]\n[[a]]", "2:3")]
    [InlineData("a=[{}]\n[a.b]", "2:2")]
    [InlineData("a={}\n[a.b]", "2:2")]
    [InlineData("a={}\na.b=1", "2:1")]
    [InlineData("a={b={},b.c=1}", "1:9")]
    [InlineData("a={b=1,b=2}", "1:8")]
    [InlineData("a=1\na.b=2", "2:1")]
    [InlineData("a=1\n[a.b.c]", "2:2")]
    [InlineData("[t]\nx=1\ny=2\n[t.x]", "4:4")]
    public void UnlawfulDefinition_IsRefusedAtItsKey(string toml, string lineAndColumn)
    {
        var error = TomlTreeText.Refusal(toml);
        Assert.Equal(lineAndColumn, $"{error.Position.Line}:{error.Position.Column}");
        Assert.Contains("defined twice", error.Problem);
    }

    [Fact]
    public void TableDefinedTwice_NamesTheLineOfItsOwnHeader()
    {
        Assert.Contains("first on line 2", TomlTreeText.Refusal("[a.b]\n[a]\n[a]").Problem);
        Assert.Contains("first on line 1", TomlTreeText.Refusal("[a.b]\n[a]\nb=1").Problem);
    }

    [Fact]
    public void MessageAboutAKeyWithLineEnds_StaysOnOneLine() =>
        Assert.DoesNotContain('\n', TomlTreeText.Refusal("\"a\\nb\"=1\n\"a\\nb\"=2").Problem);

    [Theory]
    [InlineData("a=[1 2]")]
    [InlineData("a=[,]")]
    [InlineData("a=1 b=2")]
    [InlineData("a.=1")]
    [InlineData("a\n=1")]
    [InlineData("=1")]
    [InlineData("ä=1")]
    [InlineData("\"\"\"a\"\"\"=1")]
    [InlineData("[a]x")]
    [InlineData("[[a] ]")]
    [InlineData("[ [a]]")]
    [InlineData("[]")]
    [InlineData("a=1\r")]
    [InlineData("# \r x")]
    [InlineData("# \u0001")]
    [InlineData("a=1\n\uFEFF")]
    public void BrokenGrammar_IsRefused(string toml) => TomlTreeText.Refusal(toml);

    [Theory]
    [InlineData("", "{}")]
    [InlineData("\uFEFF", "{}")]
    [InlineData("\uFEFFa=1", "{a=1}")]
    [InlineData("a=[1,\n# c\n2,\n]", "{a=[1,2]}")]
    [InlineData("a={b=[1,\n2]}", "{a={b=[1,2]}}")]
    [InlineData("a={b=1,}", "{a={b=1}}")]
    [InlineData("a={b=1 # c\n, c = 2\n}", "{a={b=1,c=2}}")]
    [InlineData("a='\uFFFD' # \uFFFD", "{a=\"\uFFFD\"}")]
    [InlineData("\r\na=1\r\n\r\n", "{a=1}")]
    [InlineData("[ a . 'b' ] # c\n[[\"c\"]]", "{a={b={}},c=[{}]}")]
    public void SoundGrammar_IsRead(string toml, string expected) => Assert.Equal(expected, TomlTreeText.OfText(toml));
}
