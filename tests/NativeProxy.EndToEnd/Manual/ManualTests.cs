using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>What the README and the manual show is true: every configuration passes the check, every command runs.</summary>
public sealed class ManualTests(ITestOutputHelper output)
{
    /// <summary>Lines that need more than this machine, or are run by no test for another reason; a new one must be worth it.</summary>
    private const int LinesNotRunMax = 5;

    /// <summary>Programs that a line may be piped to, and that not every machine has. Such a line is then not run, and the test says so.</summary>
    private static readonly string[] OptionalPrograms = ["jq", "promtool"];

    public static IEnumerable<object[]> Configurations() =>
        from page in ManualPages.All
        from block in ManualPages.BlocksOf(page)
        where block.Info == FencedBlock.Configuration
        select new object[] { page, block.LineNumber };

    public static IEnumerable<object[]> Pages() => ManualPages.All.Select(page => new object[] { page });

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task EveryConfiguration_PassesTheCheck_AsItStands(string page, int lineNumber)
    {
        using var file = new SettingsText(ManualPages.BlocksOf(page).Single(block => block.LineNumber == lineNumber).Text);
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal((0, "", $"{file.Path}: ok\n"), (check.ExitCode, check.Output, check.Errors));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task EveryCommand_Runs(string page)
    {
        await using var session = new PageSession();
        foreach (FencedBlock block in ManualPages.BlocksOf(page))
        {
            if (block.Info == FencedBlock.Configuration)
                await session.Configure(block.Text);
            if (block.Info != FencedBlock.Commands)
                continue;
            foreach (string line in block.CommandLines)
            {
                if (MissingProgram(line) is { } missing)
                    output.WriteLine($"not run, there is no {missing} here: {line}");
                else
                    await session.Run(line);
            }
        }
        await session.Stop();
    }

    [Fact]
    public void Blocks_SayWhatTheyAre_AndFewCommandsAreNotRun()
    {
        (string Page, FencedBlock Block)[] all = [.. ManualPages.All.SelectMany(page => ManualPages.BlocksOf(page).Select(block => (page, block)))];
        string[] known = [FencedBlock.Configuration, FencedBlock.Commands, FencedBlock.CommandsNotRun, FencedBlock.Output];

        Assert.All(all, one => Assert.Contains(one.Block.Info, known));
        Assert.All(
            ManualPages.All.Where(page => page != "src/manual/README.md"),
            page => Assert.Contains(all, one => one.Page == page && one.Block.Info == FencedBlock.Commands && one.Block.CommandLines.Any()));
        Assert.InRange(all.Where(one => one.Block.Info == FencedBlock.CommandsNotRun).Sum(one => one.Block.CommandLines.Count()), 0, LinesNotRunMax);
    }

    /// <summary>Every fence is seen: none is left over that the pattern of a block does not fit.</summary>
    [Fact]
    public void EveryFence_BelongsToABlock() => Assert.All(
        ManualPages.All,
        page => Assert.Equal(2 * ManualPages.BlocksOf(page).Count, ManualPages.FencesOf(page)));

    private static string? MissingProgram(string line)
    {
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return OptionalPrograms.FirstOrDefault(program => line.Contains($"| {program} ", StringComparison.Ordinal)
            && !directories.Any(directory => File.Exists(Path.Combine(directory, program))));
    }
}
