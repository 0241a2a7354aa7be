using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class SpellingTests
{
    private static readonly string[] _keys = ["enabled", "timeout", "max_requests", "max_age"];

    [Theory]
    [InlineData("same", "same", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("time_out", "timeout", 1)]
    [InlineData("tiemout", "timeout", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void Distance_CountsEditsAndSwapsOfNeighbours(string from, string to, int distance)
    {
        Assert.Equal(distance, Spelling.Distance(from, to));
        Assert.Equal(distance, Spelling.Distance(to, from));
    }

    [Theory]
    [InlineData("time_out", "timeout")]
    [InlineData("Timeout", "timeout")]
    [InlineData("max-age", "max_age")]
    [InlineData("maxrequests", "max_requests")]
    public void NearWord_IsFound(string word, string expected) => Assert.Equal(expected, Spelling.Closest(word, _keys));

    [Theory]
    [InlineData("banana")]
    [InlineData("")]
    [InlineData("x")]
    public void FarWord_IsNotFound(string word) => Assert.Null(Spelling.Closest(word, _keys));

    [Fact]
    public void OneLetterNames_DoNotSuggestEachOther() => Assert.Null(Spelling.Closest("a", ["b"]));

    [Fact]
    public void VeryLongWord_IsNotCompared() => Assert.Null(Spelling.Closest(new string('t', 100_000), _keys));
}
