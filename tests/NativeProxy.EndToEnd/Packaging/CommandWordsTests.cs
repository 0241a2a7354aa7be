using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Packaging;

/// <summary>
/// Completion for three shells and the manual page name exactly the commands and options that the binary's own help names. The empty name is the
/// program without a command.
/// </summary>
public sealed class CommandWordsTests
{
    private static readonly string[] Help = ["--help", "-?", "-h"];

    /// <summary>A word that begins with one or two dashes.</summary>
    private static readonly Regex Option = new(@"(?<![\w\\*-])--?[A-Za-z?][a-z-]*", RegexOptions.CultureInvariant);

    [Fact]
    public async Task Bash_CompletesWhatTheHelpNames()
    {
        foreach ((string command, string[] words) in await AllWords())
        {
            string line = string.Join(' ', command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Prepend("nativeproxy").Append("''"));
            string found = await BuiltPackage.Run($". \"$1\"; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _nativeproxy; "
                + "printf '%s\\n' \"${COMPREPLY[@]}\"", PathOf("completion/nativeproxy.bash"));
            Expect(command, words, found.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Fact]
    public async Task Zsh_CompletesWhatTheHelpNames()
    {
        string text = await Read("completion/nativeproxy.zsh");
        string begin = text[text.IndexOf("_arguments -C", StringComparison.Ordinal)..text.IndexOf("argument)", StringComparison.Ordinal)];
        foreach ((string command, string[] words) in await AllWords())
        {
            string part = command.Length == 0
                ? begin
                : Regex.Match(text, $@"\n {{16}}{command.Split(' ')[0]}\)\n(.*?)\n {{20}};;", RegexOptions.Singleline).Groups[1].Value;
            if (Regex.Match(part, @"\(I\)(\w+)\].*?then\n(.*?)\n *else\n(.*?)\n *fi", RegexOptions.Singleline) is { Success: true } branch)
                part = branch.Groups[command.EndsWith($" {branch.Groups[1].Value}", StringComparison.Ordinal) ? 2 : 3].Value;
            Assert.Contains("_arguments", part, StringComparison.Ordinal);
            IEnumerable<string> found = Option.Matches(Regex.Replace(part, "(_arguments -C|local -a) ", "")).Select(static match => match.Value)
                .Concat(part.Contains("$help", StringComparison.Ordinal) ? Help : [])
                .Concat(part.Contains("$file", StringComparison.Ordinal) ? ["-c", "--config"] : [])
                .Concat(Regex.Matches(part, @"^ {16}'(\w+):", RegexOptions.Multiline).Select(static match => match.Groups[1].Value))
                .Concat(command.Contains(' ', StringComparison.Ordinal)
                    ? []
                    : Regex.Matches(part, @"[( ](\w+)\\:""").Select(static match => match.Groups[1].Value));
            Expect(command, words, found);
        }
        if (BuiltPackage.HasProgram("zsh"))
            await BuiltPackage.Run("zsh -n \"$1\"", PathOf("completion/nativeproxy.zsh"));
    }

    [Fact]
    public async Task Fish_CompletesWhatTheHelpNames()
    {
        string[] lines = [.. (await Read("completion/nativeproxy.fish")).Split('\n')
            .Where(static line => line.StartsWith("complete -c nativeproxy", StringComparison.Ordinal))];
        foreach ((string command, string[] words) in await AllWords())
        {
            string condition = command.Length == 0 ? "-n __fish_use_subcommand" : $"-n '__fish_seen_subcommand_from {command.Split(' ')[0]}'";
            string own = $"'__fish_seen_subcommand_from {command.Replace(" ", "; and __fish_seen_subcommand_from ", StringComparison.Ordinal)}'";
            string[] ours = [.. lines.Where(line => line.Contains(condition, StringComparison.Ordinal)
                || line.Contains(own, StringComparison.Ordinal) || !line.Contains(" -n ", StringComparison.Ordinal))];
            IEnumerable<string> found = ours.SelectMany(static line => Regex.Matches(line, @" -(l|s|o) '?([\w?-]+)'?"))
                .Select(static match => (match.Groups[1].Value == "l" ? "--" : "-") + match.Groups[2].Value)
                .Concat(ours.Where(line => !line.Contains(" -l ", StringComparison.Ordinal) && !command.Contains(' ', StringComparison.Ordinal))
                    .SelectMany(static line => Regex.Matches(line, @" -a (\w+)")).Select(static match => match.Groups[1].Value));
            Expect(command, words, found);
        }
        if (BuiltPackage.HasProgram("fish"))
            await BuiltPackage.Run("fish --no-execute \"$1\"", PathOf("completion/nativeproxy.fish"));
    }

    [Fact]
    public async Task ManualPage_HasWhatTheHelpNames()
    {
        string page = (await Read("nativeproxy.8")).Replace("\\-", "-", StringComparison.Ordinal);
        foreach ((string command, string[] words) in await AllWords())
        {
            string title = command.Length == 0 ? "All commands"
                : page.Contains($"\n.SS {command}\n", StringComparison.Ordinal) ? command : command.Split(' ')[0];
            string section = Regex.Match(page, $@"\n\.SS {title}\n(.*?)\n\.S[SH] ", RegexOptions.Singleline).Groups[1].Value;
            Assert.NotEqual("", section);
            IEnumerable<string> expected = words.Where(word => word[0] == '-' && (command.Length == 0 || !Help.Contains(word)));
            Expect(command, expected, Option.Matches(section).Select(static match => match.Value));
            Assert.All(
                words.Where(static word => word[0] != '-'),
                word => Assert.Matches(command.Length == 0 ? $@"\n\.SS {word}\n" : $@"\n\.B {command} {word}\n", page));
        }
        string[] signals = [.. Regex.Matches((await ProxyBinary.Run("--help")).Output, "SIG[A-Z0-9]+").Select(static match => match.Value)];
        Assert.NotEmpty(signals);
        string told = page[page.IndexOf(".SH SIGNALS", StringComparison.Ordinal)..];
        Assert.All(signals, signal => Assert.Contains(signal, told, StringComparison.Ordinal));
        Assert.All(Enumerable.Range(0, 4), code => Assert.Contains($"\n.TP\n.B {code}\n", page, StringComparison.Ordinal));
        if (BuiltPackage.HasProgram("man"))
        {
            FinishedCommand shown = await BuiltPackage.TryRun("LC_ALL=C.UTF-8 man --warnings -l \"$1\"", PathOf("nativeproxy.8"));
            Assert.Equal((0, ""), (shown.ExitCode, shown.Errors));
            Assert.Contains("EXIT STATUS", shown.Output, StringComparison.Ordinal);
        }
    }

    /// <summary>The words that can follow each command: commands and options.</summary>
    private static async Task<Dictionary<string, string[]>> AllWords()
    {
        var all = new Dictionary<string, string[]>();
        var waiting = new Queue<string>([""]);
        while (waiting.TryDequeue(out string? command))
        {
            string help = (await ProxyBinary.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"])).Output;
            string[] commands = [.. Lines(help, "Commands:").Select(static line => line.Trim().Split(' ')[0])];
            all[command] = [.. commands, .. Lines(help, "Options:").SelectMany(static line => Option.Matches(Regex.Split(line.Trim(), " {2,}")[0]))
                .Select(static match => match.Value)];
            foreach (string next in commands)
                waiting.Enqueue($"{command} {next}".Trim());
        }
        Assert.Equal(30, all.Count);
        return all;
    }

    /// <summary>The lines of a part of the help.</summary>
    private static IEnumerable<string> Lines(string help, string title) =>
        help.Split('\n').SkipWhile(line => line != title).Skip(1).TakeWhile(static line => line.Trim().Length > 0);

    private static void Expect(string command, IEnumerable<string> expected, IEnumerable<string> found)
    {
        Assert.Equal(
            $"{command}: {string.Join(' ', expected.Distinct().Order(StringComparer.Ordinal))}",
            $"{command}: {string.Join(' ', found.Distinct().Order(StringComparer.Ordinal))}");
    }

    private static string PathOf(string path) => Path.Combine(BuiltPackage.Sources, path);

    private static Task<string> Read(string path) => File.ReadAllTextAsync(PathOf(path));
}
