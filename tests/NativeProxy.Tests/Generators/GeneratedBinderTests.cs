using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using NativeProxy.Config;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Generators;

/// <summary>The generated code of a schema with every kind of setting compiles without a warning and reads what it should.</summary>
public class GeneratedBinderTests
{
    private static readonly string _schema = SchemaCompilation.Table("""
        [Setting("flag", Default = true, Doc = "d")] public partial bool Flag { get; }
        [Setting("number", Default = 5, Min = -9, Max = 9, Doc = "d")] public partial int Number { get; }
        [Setting("large", Default = 5000000000, Doc = "d")] public partial long Large { get; }
        [Setting("threads", Auto = true, Default = "auto", Min = 1, Max = 64, Doc = "d")] public partial int Threads { get; }
        [Setting("wait", Default = "250ms", Doc = "d")] public partial long WaitMs { get; }
        [Setting("room", Default = "64KiB", Max = "1GiB", Doc = "d")] public partial int RoomBytes { get; }
        [Setting("part", Default = "2MiB", DefaultAtMost = nameof(RoomBytes), Doc = "d")] public partial int PartBytes { get; }
        [Setting("text", Default = "a \"b\" \\ c", Doc = "d")] public partial string Text { get; }
        [Setting("mode", Default = "slow-start", Doc = "d")] public partial Mode Mode { get; }
        [Setting("words", Default = new[] { "x", "y" }, Doc = "d")] public partial ImmutableArray<string> Words { get; }
        [Setting("modes", Default = new[] { "full_speed" }, Doc = "d")] public partial ImmutableArray<Mode> Modes { get; }
        [Setting("match", Doc = "d")] public partial ImmutableArray<MatchSettings> Matches { get; }
        [Setting("share", Doc = "d")] public partial ImmutableArray<ShareSettings> Shares { get; }
        [Setting("inner")] public partial Inner Inner { get; }
        [Setting("item")] public partial ImmutableArray<Inner> Items { get; init; }
        """) + """
        internal enum Mode { FullSpeed, [SettingChoice("slow-start", Doc = "d")] Slow }
        [SettingsTable(Doc = "d")] internal readonly partial struct Inner
        {
            [Setting("name", Required = true, Example = "n", Doc = "d")] internal partial string Name { get; }
        }
        """;

    [Fact]
    public void EveryKind_CompilesWithoutWarning()
    {
        (Compilation output, GeneratorDriverRunResult result) = SchemaCompilation.Generate(_schema);

        Assert.Empty(result.Diagnostics);
        Assert.Empty(output.GetDiagnostics().Where(static d => d.Severity >= DiagnosticSeverity.Warning));
    }

    [Fact]
    public void AbsentKeys_HaveTheirDefaults()
    {
        object sample = Read("[inner]\nname = \"n\"", out IReadOnlyList<ConfigError> errors);

        Assert.Empty(errors);
        Assert.Equal("True 5 5000000000 0 250 65536 65536 a \"b\" \\ c Slow x,y FullSpeed   0", Text(sample));
    }

    [Fact]
    public void PresentKeys_HaveTheirValues()
    {
        object sample = Read("""
            flag = false
            number = -9
            large = 9000000000
            threads = 8
            wait = "2h"
            room = "1GiB"
            part = 17
            text = "t"
            mode = "full_speed"
            words = []
            modes = ["slow-start", "full_speed"]
            share = { a = 1, "b.c" = 0 }
            [match]
            m = "x"
            "n.o" = { regex = "r" }
            [inner]
            name = "n"
            [[item]]
            name = "a"
            [[item]]
            name = "b"
            """, out IReadOnlyList<ConfigError> errors);

        Assert.Empty(errors);
        Assert.Equal("False -9 9000000000 8 7200000 1073741824 17 t FullSpeed  Slow,FullSpeed "
            + "m = \"x\",n.o = { regex = \"r\" } a = 1,b.c = 0 2", Text(sample));
    }

    [Fact]
    public void WrongValues_AreAllReportedInFileOrder()
    {
        Read("""
            flag = 1
            number = 10
            large = -1
            threads = 0
            wait = 75
            room = "2GiB"
            text = 1
            mode = "slow_start"
            words = ["a", 1]
            modes = ["slow-start", "fast"]
            inner = 1
            item = "a"
            other = 1
            match = { a = 1 }
            share = ["a"]
            """, out IReadOnlyList<ConfigError> errors);

        // Line 11 once: that a thing which is no table lacks its required name is not said on top.
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], errors.Select(static error => error.Line));
        Assert.Equal("did you mean \"slow-start\"?", errors[7].Hint);
        Assert.Equal("\"auto\" or an integer from 1 to 64", errors[3].Expected);
    }

    private static object Read(string toml, out IReadOnlyList<ConfigError> errors)
    {
        Assert.True(TomlDocument.TryParse(Encoding.UTF8.GetBytes(toml), out TomlTable root, out _));
        SettingsErrors collected = new("trial.toml", toml);
        object sample = SchemaCompilation.Read(_schema, root, collected);
        errors = collected.InFileOrder();
        return sample;
    }

    private static string Text(object sample)
    {
        object Get(string name) => sample.GetType().GetProperty(name)!.GetValue(sample)!;
        string List(string name) => string.Join(",", ((System.Collections.IEnumerable)Get(name)).Cast<object>());
        return $"{Get("Flag")} {Get("Number")} {Get("Large")} {Get("Threads")} {Get("WaitMs")} {Get("RoomBytes")} {Get("PartBytes")} "
            + $"{Get("Text")} {Get("Mode")} "
            + $"{List("Words")} {List("Modes")} {List("Matches")} {List("Shares")} "
            + $"{((System.Collections.IEnumerable)Get("Items")).Cast<object>().Count()}";
    }
}
