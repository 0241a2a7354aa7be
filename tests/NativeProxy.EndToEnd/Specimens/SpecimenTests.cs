using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>Every file of tests/specimens happens on the wire as it is written.</summary>
public sealed class SpecimenTests
{
    private static string Folder => Path.Combine(ProxyBinary.RepositoryRoot, "tests", "specimens");

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder, "*.md").Select(path => Path.GetFileName(path)!).Where(name => name != "README.md")
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Specimen_HappensAsItIsWritten(string file) =>
        await SpecimenRun.Play(SpecimenParser.Parse(file, await File.ReadAllTextAsync(Path.Combine(Folder, file))));

    [Fact]
    public async Task ASpecimenThatSaysSomethingElse_Fails()
    {
        const string wrong = "# A wrong answer\n\nThe runner must be able to fail.\n\n**client sends**\n```\nGET / HTTP/1.1\nHost: "
            + "a\n\n```\n**origin receives**\n```\nGET / HTTP/1.1\nHost: b\n\n```\n";
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => SpecimenRun.Play(SpecimenParser.Parse("wrong.md", wrong)));
        Assert.StartsWith("wrong.md:11: Origin 1 Receives: ", failure.Message, StringComparison.Ordinal);
    }
}
