using System.Linq;
using Xunit;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>The format of specimens, and what is said about a file that does not keep to it.</summary>
public sealed class SpecimenParserTests
{
    private const string Start = "# Title\n\nWhy.\n\n";

    [Fact]
    public void Steps_AreReadInOrder_WithTheirBytes()
    {
        Specimen specimen = SpecimenParser.Parse("a.md", Start + """
            **listener**

            ```toml
            pipelining = 1
            ```

            **client sends**

            ```http
            GET / HTTP/1.1
            X: \x00\t\\n

            no end\
            ```

            Prose.

            **client FIN**
            **origin receives**
            ```
            \r\n\
            ```
            **origin 2 sees RST**
            **proxy freezes**
            """);
        Assert.Equal(("a.md", "Title"), (specimen.File, specimen.Title));
        Assert.Equal(["pipelining = 1"], specimen.Listener);
        Assert.Empty(specimen.Upstream);
        Assert.Equal(
        [
            new SpecimenStep(11, SpecimenActor.Client, 1, SpecimenAction.Sends, "GET / HTTP/1.1\r\nX: \0\t\\n\r\n\r\nno end"),
            new SpecimenStep(22, SpecimenActor.Client, 1, SpecimenAction.Fin, ""),
            new SpecimenStep(23, SpecimenActor.Origin, 1, SpecimenAction.Receives, "\r\n"),
            new SpecimenStep(27, SpecimenActor.Origin, 2, SpecimenAction.SeesRst, ""),
            new SpecimenStep(28, SpecimenActor.Proxy, 1, SpecimenAction.Freezes, ""),
        ], specimen.Steps);
    }

    [Theory]
    [InlineData("Title\n", "a.md:1: a specimen begins with its title")]
    [InlineData("# \n", "a.md:1: a specimen begins with its title")]
    [InlineData("# Title\n\n**client FIN**\n", "a.md:3: a line between the title and the first step")]
    [InlineData(Start, "a.md:3: nothing happens")]
    [InlineData(Start + "## More\n", "a.md:5: a specimen has one heading")]
    [InlineData(Start + "```\nx\n```\n", "a.md:5: a block belongs to a step")]
    [InlineData(Start + "**client FIN**\n```\nx\n```\n", "a.md:6: a block belongs to a step")]
    [InlineData(Start + "**client sings**\n", "a.md:5: unknown step \"client sings\"")]
    [InlineData(Start + "**server sends**\n", "a.md:5: unknown step \"server sends\"")]
    [InlineData(Start + "**proxy sends**\n```\nx\n```\n", "a.md:5: unknown step \"proxy sends\"")]
    [InlineData(Start + "**client freezes**\n", "a.md:5: unknown step \"client freezes\"")]
    [InlineData(Start + "**client FIN** now\n", "a.md:5: a step stands alone")]
    [InlineData(Start + "**client sends**\n\nx\n", "a.md:5: **client sends** needs a block")]
    [InlineData(Start + "**client sends**\n", "a.md:5: **client sends** needs a block")]
    [InlineData(Start + "**client sends**\n```\n```\n", "a.md:7: the block of **client sends** is empty")]
    [InlineData(Start + "**client sends**\n```\nx\n", "a.md:6: this block has no end")]
    [InlineData(Start + "**client sends**\n```\nx\ny\\q\n```\n", "a.md:8: the escape \\q is unknown")]
    [InlineData(Start + "**client sends**\n```\nx\\x4\n```\n", "a.md:7: the escape \\x is unknown")]
    [InlineData(Start + "**client sends**\n```\nx \n```\n", "a.md:7: a blank at the end")]
    [InlineData(Start + "**client sends**\n```\na\tb\n```\n", "a.md:7: the character U+0009")]
    [InlineData(Start + "**client sends**\n```\n\u00e9\n```\n", "a.md:7: the character U+00E9")]
    [InlineData(Start + "**client 2 FIN**\n", "a.md:5: there is no client 1 before")]
    [InlineData(Start + "**origin FIN**\n**origin 3 FIN**\n", "a.md:6: there is no origin 2 before")]
    [InlineData(Start + "**client FIN**\n**listener**\n```\n```\n", "a.md:6: settings stand before")]
    public void BadSpecimen_IsAnErrorWithFileAndLine(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<SpecimenError>(() => SpecimenParser.Parse("a.md", text)).Message, System.StringComparison.Ordinal);

    [Theory]
    [InlineData("", "\r\n")]
    [InlineData("\\", "")]
    [InlineData("a\\", "a")]
    [InlineData("a\\\\", "a\\\r\n")]
    [InlineData("a\\\\\\", "a\\")]
    [InlineData("\\x41\\xfF\\0", "A\u00ff\0\r\n")]
    [InlineData(" a", " a\r\n")]
    [InlineData("a \\", "a ")]
    public void Line_MeansTheseBytes(string line, string bytes) => Assert.Equal(bytes, SpecimenText.Decode(line, out _));

    [Fact]
    public void CrLfFiles_AreReadLikeOthers() =>
        Assert.Equal("x\r\n",
            SpecimenParser.Parse("a.md",
                (Start + "**client sends**\n```\nx\n```\n").Replace("\n", "\r\n", System.StringComparison.Ordinal)).Steps.Single().Bytes);
}
