using System.Linq;
using System.Text;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>Nesting is bounded in every way in which a text can nest, so that whoever walks a tree may recurse.</summary>
public sealed class TomlDepthTests
{
    private const int Max = TomlDocument.DepthMax;

    private static string Repeat(string part, int count) => string.Concat(Enumerable.Repeat(part, count));

    private static string Dotted(int count) => string.Join('.', Enumerable.Repeat("k", count));

    [Fact]
    public void NestingUpToTheBound_IsRead()
    {
        TomlTreeText.OfText($"a = {Repeat("[", Max)}{Repeat("]", Max)}");
        TomlTreeText.OfText($"{Repeat("a={", Max)}{Repeat("}", Max)}");
        TomlTreeText.OfText($"{Dotted(Max)} = 1");
        TomlTreeText.OfText($"[{Dotted(Max)}]\na = 1");
        TomlTreeText.OfText($"[{Dotted(Max / 2)}]\n{Dotted(Max / 2)} = {{}}");
    }

    [Theory]
    [InlineData(Max + 1)]
    [InlineData(100_000)]
    public void NestingBeyondTheBound_IsRefused(int count)
    {
        AssertTooDeep($"a = {Repeat("[", count)}{Repeat("]", count)}");
        AssertTooDeep($"a = {Repeat("[", count)}");
        AssertTooDeep($"{Repeat("a={", count)}{Repeat("}", count)}");
        AssertTooDeep($"a = {Repeat("[{a=", count)}");
        AssertTooDeep($"{Dotted(count + 1)} = 1");
        AssertTooDeep($"[{Dotted(count)}]");
        AssertTooDeep($"[[{Dotted(count)}]]");
    }

    [Fact]
    public void NestingThatAddsUpFromSeveralConstructs_IsRefused()
    {
        AssertTooDeep($"[{Dotted(Max)}]\na = []");
        AssertTooDeep($"[{Dotted(Max / 2)}]\n{Dotted(Max / 2 + 1)} = {{}}");
        AssertTooDeep($"[{Dotted(Max / 2)}]\n{Dotted(Max / 2 + 2)} = 1");
        AssertTooDeep($"a = {{ {Dotted(Max)} = {{ }} }}");
        AssertTooDeep($"[[{Dotted(Max)}]]");
    }

    /// <summary>Each step of an array of tables counts twice: the array and its element.</summary>
    [Fact]
    public void NestedArraysOfTables_AreBounded()
    {
        var toml = new StringBuilder();
        for (int i = 1; i <= Max / 2; i++)
            toml.Append("[[").Append(Dotted(i)).Append("]]\n");
        TomlTreeText.OfText(toml.ToString());
        AssertTooDeep(toml.Append("[[").Append(Dotted(Max / 2 + 1)).Append("]]\n").ToString());
    }

    private static void AssertTooDeep(string toml)
    {
        TomlError error = TomlTreeText.Refusal(toml);
        Assert.Contains("too deeply", error.Problem, System.StringComparison.Ordinal);
        Assert.Equal(1, error.Position.Width);
    }
}
