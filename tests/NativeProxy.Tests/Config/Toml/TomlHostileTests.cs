using System;
using System.Linq;
using System.Text;
using NativeProxy.Config.Toml;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>
/// Large files, made to cost: each is refused or read with a bound on memory, which stands for time as well.
/// The bound is on what a load allocates, because a clock decides nothing on a busy machine. As large as files may be: NATIVEPROXY_ENDURANCE=4.
/// </summary>
public sealed class TomlHostileTests(ITestOutputHelper output)
{
    private static readonly int Times = int.TryParse(Environment.GetEnvironmentVariable("NATIVEPROXY_ENDURANCE"), out int times)
        ? Math.Clamp(times, 1, 4)
        : 1;

    private static readonly int SizeBytes = Times * 1024 * 1024;

    /// <summary>All that is allocated on the way, most of it garbage at once; a table name of two million dots takes most.</summary>
    private static readonly long AllocatedBytesMax = Math.Max(768, Times * 384) * 1024L * 1024;

    public static TheoryData<string, string> Texts => new()
    {
        { "", "!" }, { "", "=" }, { "", "[" }, { "a = ", "[" }, { "a = ", "{a=" }, { "a = [", "1," }, { "a = [", "[]," }, { "a", ".a" },
        { "[a", ".a" },
        { "", "a=1\n" }, { "", "[a]\n" }, { "", "[[a]]\n" }, { "", "#\n" }, { "", "\n" }, { "a = \"", "x" }, { "a = \"", "\\q" }, { "a = \"", "\\" },
        { "a = \"", "\u0001" },
        { "a = '", "\r" }, { "# ", "\u0001" }, { "a = \"\"\"", "\"\"x" }, { "a = ", "9" }, { "a = 0x", "_" }, { "a = 1", "_" }, { "a = ", "-" },
        { "a = '", "\uFFFD" }, { "a = 1.", "0" }, { "a = 1e", "9" }, { "", "\0" }, { "", "\uFEFF" }, { "a = {", "b={}," }, { "a = 19", "79-05-27 " },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void LargeText_IsReadOrRefusedWithinABound(string beginning, string piece)
    {
        byte[] text = Encoding.UTF8.GetBytes(beginning
            + string.Concat(Enumerable.Repeat(piece, (SizeBytes - beginning.Length) / Encoding.UTF8.GetByteCount(piece))));
        long before = GC.GetAllocatedBytesForCurrentThread();

        bool isRead = TomlDocument.TryParse(text, out _, out TomlError? error);

        long allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{allocatedBytes >> 20} MiB: {error?.ToString() ?? "read"}");
        Assert.Equal(isRead, error is null);
        Assert.InRange(allocatedBytes, 0, AllocatedBytesMax);
    }

    [Fact]
    public void MoreKeysThanSettingsCanHave_AreRefusedByTheirNumber()
    {
        string toml = string.Concat(Enumerable.Range(0, TomlDocument.ItemsMax / 2 + 1).Select(static i => $"k{i}=1\n"));

        Assert.Contains($"more than {TomlDocument.ItemsMax} keys and values", TomlTreeText.Refusal(toml).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void NineThousandServers_AreRead()
    {
        string toml = string.Concat(Enumerable.Range(0, 9_000)
            .Select(static i => $"[[upstream.server]]\nname = \"s{i}\"\naddress = \"10.0.0.1:{i}\"\n"));

        Assert.True(TomlDocument.TryParse(Encoding.UTF8.GetBytes("[[upstream]]\n" + toml), out TomlTable root, out TomlError? error),
            error?.ToString());
        Assert.Equal(9_000, root.Find("upstream")!.Value.Items[0].Table.Find("server")!.Value.Items.Count);
    }
}
