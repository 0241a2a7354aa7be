using System.Linq;
using Xunit;

namespace NativeProxy.Tests.House;

/// <summary>Each house rule catches what it is for, and lets its lawful twin pass.</summary>
public class HouseRuleTests
{
    private const string Lower = "namespace NativeProxy.Buffers; internal class Block { public int Size; public static int Count() => 1; }";
    private const string Neighbour = "namespace NativeProxy.Admin; internal class Route { }";

    [Theory]
    [InlineData("Exchanges", "internal class User { int Use(NativeProxy.Buffers.Block block) => block.Size; }", "")]
    [InlineData("Buffers", "internal class User { Block? _block; }", "")]
    [InlineData("Exchanges", "internal class User { NativeProxy.Admin.Route? _route; }", "Exchanges/User.cs:1: Exchanges uses Admin.Route")]
    [InlineData("Http", "internal class User { int Use() => NativeProxy.Buffers.Block.Count(); }", "Http/User.cs:1: Http uses Buffers.Block")]
    [InlineData("Http1", "internal class User { int Use() => NativeProxy.Buffers.Block.Count(); }", "")]
    [InlineData("Exchanges/Logged", "internal class User { NativeProxy.Exchanges.Top? _top; }",
        "Exchanges/Logged/User.cs:1: Exchanges/Logged uses Exchanges.Top")]
    [InlineData("Exchanges", "internal class User { NativeProxy.Exchanges.Sending.Low? _low; }", "")]
    [InlineData("Exchanges/Logged", "internal class User { NativeProxy.Exchanges.Sending.Low? _low; }", "")]
    [InlineData("Exchanges/Logged", "internal class User { NativeProxy.Exchanges.Cached.Beside? _beside; }",
        "Exchanges/Logged/User.cs:1: Exchanges/Logged uses Exchanges/Cached.Beside")]
    [InlineData("Tunnels", "internal class User { NativeProxy.Routing.Side? _side; }", "Tunnels/User.cs:1: Tunnels uses Routing.Side")]
    [InlineData("Exchanges/Extras", "internal class User { }", "Exchanges/Extras/User.cs: the folder Exchanges/Extras has no floor")]
    [InlineData("Foundation", "/// <summary><see cref=\"NativeProxy.Admin.Route\"/></summary> internal class User { }",
        "Foundation/User.cs:1: Foundation uses Admin.Route")]
    [InlineData("Extras", "internal class User { }", "Extras/User.cs: the folder Extras has no floor")]
    public void FloorRule_CatchesNamesOfEqualAndHigherFloors(string folder, string type, string expected)
    {
        ProductCode code = ProductCode.Of(
            ("Buffers/Block.cs", Lower), ("Admin/Route.cs", Neighbour),
            ("Routing/Side.cs", "namespace NativeProxy.Routing; internal class Side { }"),
            ("Exchanges/Top.cs", "namespace NativeProxy.Exchanges; internal class Top { }"),
            ("Exchanges/Sending/Low.cs", "namespace NativeProxy.Exchanges.Sending; internal class Low { }"),
            ("Exchanges/Cached/Beside.cs", "namespace NativeProxy.Exchanges.Cached; internal class Beside { }"),
            ($"{folder}/User.cs", $"namespace NativeProxy.{folder.Replace('/', '.')}; {type}"));

        Assert.Equal(expected, string.Join("; ", FloorRule.Violations(code)));
    }

    [Theory]
    [InlineData("Exchanges", "int Use(NativeProxy.Transport.TcpConnection client) => 0;", 1)]
    [InlineData("Exchanges/Sending", "int Use(NativeProxy.Http.RequestHead head) => head.MinorVersion;", 1)]
    [InlineData("Caching", "int Use(NativeProxy.Http.RequestHead head) => head.Bytes;", 0)]
    [InlineData("Clients/Http1", "int Use(NativeProxy.Transport.TcpConnection client) => 0;", 0)]
    public void WireRule_CatchesWhatIsOfTheWire(string folder, string member, int expected)
    {
        ProductCode code = ProductCode.Of(
            ("Transport/TcpConnection.cs", "namespace NativeProxy.Transport; internal class TcpConnection { }"),
            ("Http/RequestHead.cs", "namespace NativeProxy.Http; class RequestHead { public int MinorVersion => 1; public int Bytes => 0; }"),
            ($"{folder}/User.cs", $"namespace NativeProxy.{folder.Replace('/', '.')}; internal class User {{ {member} }}"));

        Assert.Equal(expected, WireRule.Violations(code).Count());
    }

    [Fact]
    public void FloorRule_SeesAUsingDirectiveThatNothingNeeds()
    {
        ProductCode code = ProductCode.Of(("Admin/Route.cs", Neighbour),
            ("Buffers/User.cs", "using System; using NativeProxy.Admin; namespace NativeProxy.Buffers; internal class User { }"));

        Assert.Equal(["Buffers/User.cs:1: Buffers names Admin"], FloorRule.Violations(code));
    }

    [Theory]
    [InlineData("A", "B", "C", 0)]
    [InlineData("B", "A", "C", 1)]
    [InlineData("B", "C", "A", 1)]
    [InlineData("A", "C", "B", 1)]
    [InlineData("A", "A", "B", 0)]
    public void CircleRule_CatchesFoldersThatReachEachOther(string usedByA, string usedByB, string usedByC, int expected)
    {
        ProductCode code = ProductCode.Of(("A/A.cs", File("A", usedByA)), ("B/B.cs", File("B", usedByB)), ("C/C.cs", File("C", usedByC)));

        Assert.Equal(expected, CircleRule.Violations(code).Count());

        static string File(string name, string used) =>
            $"namespace NativeProxy.{name}; internal class {name}Type {{ NativeProxy.{used}.{used}Type? _used; }}";
    }

    [Theory]
    [InlineData("Config", "")]
    [InlineData("Hosting", "Hosting/User.cs:1: Hosting uses Tomlyn, which only Config knows")]
    public void FloorRule_KeepsTheTomlLibraryInConfig(string folder, string expected)
    {
        ProductCode code = ProductCode.Of(($"{folder}/User.cs",
            $"namespace NativeProxy.{folder}; internal class User {{ global::Tomlyn.TomlException? Last; }}"));

        Assert.Equal(expected, string.Join("; ", FloorRule.Violations(code)));
    }

    [Fact]
    public void FloorRule_SeesTypesBehindVar()
    {
        ProductCode code = ProductCode.Of(
            ("Hosting/Maker.cs", "namespace NativeProxy.Hosting; internal class Maker { public int Made; public static Maker Make() => new(); }"),
            ("Metrics/User.cs",
                "using static NativeProxy.Hosting.Maker; namespace NativeProxy.Metrics; internal class User { int Use() { var made = Make(); return "
                + "made.Made; } }"));

        Assert.Equal(["Metrics/User.cs:1: Metrics uses Hosting.Maker"], FloorRule.Violations(code));
    }

    [Theory]
    [InlineData("void F() { throw new System.Exception(); }", 1)]
    [InlineData("int F(object? o) => o is null ? throw new System.Exception() : 1;", 1)]
    [InlineData("void F(int i) => System.ArgumentOutOfRangeException.ThrowIfNegative(i);", 1)]
    [InlineData("public T(int i) => System.ArgumentOutOfRangeException.ThrowIfNegative(i);", 0)]
    [InlineData("bool F() => false;", 0)]
    public void ThrowRule_CatchesThrowsButForConstructorGuards(string member, int expected) =>
        Assert.Equal(expected,
            CodeRules.Throws(ProductCode.Of(("Http1/T.cs", $"namespace NativeProxy.Http1; internal class T {{ {member} }}")), "Http1").Count());

    [Theory]
    [InlineData("Exchanges/T.cs", "async void F() { }", "async")]
    [InlineData("Exchanges/T.cs", "void F() { lock (this) { } }", "lock")]
    [InlineData("Exchanges/T.cs", "object F() => System.Threading.Tasks.Task.CompletedTask;", "task")]
    [InlineData("Exchanges/T.cs", "int F(int[] a) => System.Linq.Enumerable.Count(a);", "LINQ")]
    [InlineData("Exchanges/T.cs", "int F(int[] a) => a.Count();", "LINQ")]
    [InlineData("Exchanges/T.cs", "void F() => System.Threading.Monitor.Enter(this);", "lock")]
    [InlineData("Transport/Saea/T.cs", "void F() { lock (this) { } }", "lock")]
    [InlineData("Transport/Saea/LoopTicker.cs", "void F() { lock (this) { } }", null)]
    [InlineData("Hosting/T.cs", "async void F() { }", null)]
    [InlineData("Admin/T.cs", "async void F() { }", null)]
    [InlineData("Pipes/T.cs", "async void F() { }", null)]
    [InlineData("Upstreams/Health/T.cs", "async void F() { lock (this) { } }", null)]
    [InlineData("Upstreams/T.cs", "async void F() { }", "async")]
    [InlineData("Config/T.cs", "async void F() { }", "async outside of the control plane")]
    [InlineData("Exchanges/T.cs", "System.IO.Pipelines.Pipe? P;", "a pipe")]
    [InlineData("Upstreams/T.cs", "NativeProxy.Upstreams.Health.Check? P;", "a part of the control plane")]
    [InlineData("Upstreams/Health/T.cs", "NativeProxy.Upstreams.Health.Check? P;", null)]
    [InlineData("Upstreams/Health/T.cs", "NativeProxy.Transport.Loop? P;", "a part of the loop")]
    [InlineData("Hosting/T.cs", "NativeProxy.Transport.Loop? P;", null)]
    [InlineData("Admin/T.cs", "async void F(System.Net.Sockets.Socket s) => await s.AcceptAsync();", "goes on on the loop thread")]
    [InlineData("Hosting/T.cs", "object F(System.Net.Sockets.Socket s, byte[] b) => s.ReceiveAsync(b);", "goes on on the loop thread")]
    [InlineData("Pipes/T.cs", "bool F(System.Net.Sockets.Socket s, System.Net.Sockets.SocketAsyncEventArgs a) => s.AcceptAsync(a);", null)]
    [InlineData("Exchanges/T.cs", "int F(int[] a) => a.Length;", null)]
    public void DataPathRule_CatchesWhatWaitsLocksOrAllocates(string path, string member, string? expected)
    {
        string[] violations = [.. DataPathRule.Violations(ProductCode.Of(
            ("Upstreams/Health/Check.cs", "namespace NativeProxy.Upstreams.Health; internal class Check { }"),
            ("Transport/Loop.cs", "namespace NativeProxy.Transport; internal class Loop { }"),
            (path, $"using System.Linq; namespace NativeProxy.X; internal class T {{ {member} }}")))];

        Assert.Equal(expected is not null, violations.Any(violation => violation.Contains(expected!, System.StringComparison.Ordinal)));
        if (expected is null)
            Assert.Empty(violations);
    }

    [Theory]
    [InlineData("/// <summary>What it is.</summary>\ninternal class T { }", 0)]
    [InlineData("internal class T { }", 1)]
    [InlineData("// A comment.\ninternal enum T { A }", 1)]
    [InlineData("/// <summary></summary>\ninternal struct T { }", 1)]
    [InlineData("/// <summary>Outer.</summary>\ninternal class T { private class U { } }", 1)]
    [InlineData("internal delegate void T();", 1)]
    public void SummaryRule_CatchesTypesThatSayNothing(string type, int expected) =>
        Assert.Equal(expected, CodeRules.TypesWithoutSummary(ProductCode.Of(("Http1/T.cs", "namespace NativeProxy.Http1;\n" + type))).Count());

    [Theory]
    [InlineData("internal class T { internal T() => F(); private void F() { } private void G() { } }", "T.G")]
    [InlineData("internal class T { internal T() => _a = 1; private int _a; private int _b; }", "T._b")]
    [InlineData("internal class T { internal T() { } internal int P => 1; }", "T.P")]
    [InlineData("internal class T { public override string ToString() => \"\"; }", "")]
    [InlineData("internal class T : System.IDisposable { public void Dispose() { } }", "")]
    [InlineData("internal enum E { First, Second } internal class T { E _e = E.First; internal T() => _e = default; }", "E.Second")]
    public void UnusedRule_CatchesWhatNobodyNames(string types, string expected)
    {
        ProductCode code = ProductCode.Of(("Http1/T.cs", $"namespace NativeProxy.Http1; {types}"),
            ("Http1/U.cs", "namespace NativeProxy.Http1; internal static class Program { static object Main() => new T(); }"));

        Assert.Equal(expected, string.Join(' ', UnusedRule.Violations(code).Select(static violation => violation.Split(' ')[1])));
    }

    [Theory]
    [InlineData("T", 0)]
    [InlineData("T.F", 0)]
    [InlineData("Gone", 1)]
    [InlineData("T.Gone", 1)]
    public void ReferenceRule_CatchesNamesOfNothing(string name, int expected) => Assert.Equal(
        expected,
        CodeRules.BrokenReferences(ProductCode.Of(
            ("Http1/T.cs", $"namespace NativeProxy.Http1; /// <summary><see cref=\"{name}\"/></summary>\ninternal class T {{ void F() {{ }} }}")))
            .Count());

    [Theory]
    [InlineData("// TO" + "DO: later", 1)]
    [InlineData("throw new NotImplemented" + "Exception();", 1)]
    [InlineData("int todoCount; // mastodon", 0)]
    public void LeftoverRule_CatchesWholeWords(string line, int expected) => Assert.Equal(expected, CodeRules.Leftovers("a.cs", line).Count());

    [Theory]
    [InlineData("if (a)\n        {\n            F();\n        }", 1)]
    [InlineData("if (a)\n            F();", 0)]
    [InlineData("foreach (int i in b)\n        {\n            F();\n        }", 1)]
    [InlineData("if (a\n            && c)\n        {\n            F();\n        }", 0)]
    [InlineData("if (a)\n        {\n            F(\n                1);\n        }", 0)]
    [InlineData("if (a)\n        {\n            // Why.\n            F();\n        }", 0)]
    [InlineData("if (a)\n        {\n            F();\n        }\n        else\n        {\n            G();\n        }", 2)]
    [InlineData("if (a)\n        {\n            F();\n        }\n        else\n        {\n            G();\n            F();\n        }", 0)]
    [InlineData("if (a)\n        {\n            while (c)\n                F();\n        }", 0)]
    public void LayoutRule_CatchesNeedlessBraces(string statement, int expected) =>
        Assert.Equal(expected, LayoutRule.Violations("T.cs", $"class T\n{{\n    void M()\n    {{\n        {statement}\n    }}\n}}\n").Count());

    [Theory]
    [InlineData(150, 0)]
    [InlineData(151, 1)]
    public void LayoutRule_CatchesLongLines(int columns, int expected) =>
        Assert.Equal(expected, LayoutRule.Violations("T.cs", "// " + new string('x', columns - 3)).Count());

    [Theory]
    [InlineData(350, "", "")]
    [InlineData(351, "", "T.cs has 351 lines, more than 350")]
    [InlineData(351, "T.cs", "")]
    [InlineData(350, "T.cs", "T.cs needs no exception: at most 350 lines")]
    public void SizeRule_CatchesLongFiles_AndExceptionsThatAreNotNeeded(int lines, string exception, string expected)
    {
        string text = string.Concat(Enumerable.Repeat("x\n", lines));
        string[] exceptions = exception.Length == 0 ? [] : [exception];

        Assert.Equal(expected, string.Join("; ",
            SizeRule.Violations(SizeRule.LinesOf([("T.cs", text)]), SizeRule.LinesMax, "lines", exceptions)));
    }

    [Theory]
    [InlineData("class T { public T() { } internal void F() { } protected int P { get; set; } public event System.Action? E; }", 4)]
    [InlineData("class T { private void F() { } int P { get; set; } static T() { } }", 0)]
    [InlineData("class T { public const int C = 1; internal static readonly int S = 2; public int F; public class U { } }", 0)]
    [InlineData("record T(int A, int B) { public int Sum => A + B; }", 1)]
    [InlineData("class T(int a) { public int A => a; }", 2)]
    [InlineData("class T : System.IDisposable { public override string ToString() => \"\"; public void Dispose() { } }", 2)]
    [InlineData("class T : System.IDisposable { void System.IDisposable.Dispose() { } }", 0)]
    [InlineData("partial class T { public void F() { } } partial class T { public void G() { } }", 2)]
    [InlineData("interface T { void F(); int P { get; } }", 2)]
    public void SizeRule_CountsWhatOthersCanName(string type, int expected) => Assert.Equal(("X.T", expected),
        SizeRule.MembersOf(ProductCode.Of(("X/T.cs", $"namespace NativeProxy.X; {type}"))).First());

    [Theory]
    [InlineData("see `EventLoop.cs`", "")]
    [InlineData("see `Eventloop.cs`", "Eventloop.cs")]
    [InlineData("in `src/NativeProxy/Transport/EventLoop.cs` and `src/NativeProxy`", "")]
    [InlineData("in `src/NativeProxy/Gone/`", "src/NativeProxy/Gone/")]
    [InlineData("in `Transport/EventLoop.cs` and `Transport/`", "")]
    [InlineData("in `Transport/Missing.cs`", "Transport/Missing.cs")]
    [InlineData("run `./src/tool.sh` on `text/plain`", "./src/tool.sh")]
    [InlineData("```\n`gone.cs`\n```\n", "")]
    [InlineData("a `word` and `GET /x.cs HTTP/1.1`", "")]
    public void DocumentRule_CatchesNamesOfNothing(string markdown, string expected) =>
        Assert.Equal(expected, string.Join(' ', DocumentNames.Missing(markdown, ["src/NativeProxy/Transport/EventLoop.cs", "README.md"])));

    [Theory]
    [InlineData("see [a](b.md) and [c](../README.md)", "")]
    [InlineData("see [a](c.md)", "src/manual/a.md: c.md leads to no file")]
    [InlineData("see [a](../../README.md)", "src/manual/a.md: ../../README.md leads to no file")]
    [InlineData("see [a](b.md#two-words)", "")]
    [InlineData("see [a](b.md#two)", "src/manual/a.md: b.md#two leads to no heading")]
    [InlineData("see [`a`](#no)", "src/manual/a.md: #no leads to no heading")]
    [InlineData("see [a](https://example.com/x.md)", "")]
    [InlineData("![chart](../gone.svg)", "src/manual/a.md: ../gone.svg leads to no file")]
    [InlineData("```\n[a](c.md)\n```\n", "")]
    public void LinkRule_CatchesLinksToNothing(string markdown, string expected)
    {
        string[] files = ["src/README.md", "src/manual/a.md", "src/manual/b.md"];
        string Read(string path) => path == "src/manual/a.md" ? markdown : "# Title\n\n## Two `words`\n";

        Assert.Equal(expected, string.Join(' ', DocumentLinks.Broken("src/manual/a.md", files, Read)));
    }
}
