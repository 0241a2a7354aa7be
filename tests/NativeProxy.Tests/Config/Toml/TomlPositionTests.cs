using System.Text;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>Lines, columns and widths of errors and of everything in the tree.</summary>
public sealed class TomlPositionTests
{
    [Theory]
    [InlineData("a = round_robin", 1, 5, 11)]
    [InlineData("a = 1\nb = \n", 2, 5, 1)]
    [InlineData("a = 1\r\n  b 2", 2, 5, 1)]
    [InlineData("\"日本\" = x", 1, 8, 1)]
    [InlineData("a = '\U0001F600' nöin", 1, 9, 4)]
    [InlineData("\uFEFFa = x", 1, 5, 1)]
    [InlineData("a = \"abc", 1, 5, 4)]
    [InlineData("a = \"ab\\qc\"", 1, 8, 2)]
    [InlineData("a = 2023-02-30", 1, 5, 10)]
    [InlineData("a = 2023-02-28 25:00:00 # c", 1, 5, 19)]
    [InlineData("a = 0x", 1, 5, 2)]
    [InlineData("a = '''\n\n", 1, 5, 3)]
    [InlineData("a = '''\n\n\u0001'''", 3, 1, 1)]
    [InlineData("a = [1,\n 2", 2, 3, 1)]
    [InlineData("[a\nb", 1, 3, 1)]
    [InlineData("a", 1, 2, 1)]
    [InlineData("a = 1\n\tä = 1", 2, 2, 1)]
    public void Error_StandsWhereThePersonLooks(string toml, int line, int column, int width) =>
        Assert.Equal(new TextPosition(line, column, width), TomlTreeText.Refusal(toml).Position);

    [Fact]
    public void InvalidUtf8_IsRefusedAtItsFirstByte()
    {
        byte[] text = [.. Encoding.UTF8.GetBytes("ä = 1\n# ö"), 0xC3, 0x28];
        Assert.False(TomlDocument.TryParse(text, out _, out TomlError? error));
        Assert.Equal(new TextPosition(2, 4, 1), error!.Position);
        Assert.Contains("UTF-8", error.Problem);
    }

    [Fact]
    public void Tree_KnowsWhereEverythingStands()
    {
        string toml = "x . \"ÿ\" = 'wert'\nm = '''a\nb'''\nl = [ {k = 1} ]\n[ a.bcd ]\n[[ e.f ]]\n[[e.f]]";
        Assert.True(TomlDocument.TryParse(Encoding.UTF8.GetBytes(toml), out TomlTable root, out _));

        TomlEntry x = root.Find("x")!;
        TomlEntry y = x.Value.Table.Find("ÿ")!;
        Assert.Equal(new TextPosition(1, 1, 1), x.KeyPosition);
        Assert.Equal(new TextPosition(1, 5, 3), y.KeyPosition);
        Assert.Equal(new TextPosition(1, 11, 6), y.Value.Position);

        Assert.Equal(new TextPosition(2, 5, 4), root.Find("m")!.Value.Position);
        TomlNode list = root.Find("l")!.Value;
        Assert.Equal(new TextPosition(4, 5, 1), list.Position);
        Assert.Equal(new TextPosition(4, 7, 1), list.Items[0].Position);
        Assert.Equal(new TextPosition(4, 8, 1), list.Items[0].Table.Find("k")!.KeyPosition);

        TomlEntry bcd = root.Find("a")!.Value.Table.Find("bcd")!;
        Assert.Equal(new TextPosition(5, 5, 3), bcd.KeyPosition);
        Assert.Equal(new TextPosition(5, 5, 3), bcd.Value.Position);

        TomlNode elements = root.Find("e")!.Value.Table.Find("f")!.Value;
        Assert.Equal(new TextPosition(6, 6, 1), elements.Items[0].Position);
        Assert.Equal(new TextPosition(7, 5, 1), elements.Items[1].Position);
    }
}
