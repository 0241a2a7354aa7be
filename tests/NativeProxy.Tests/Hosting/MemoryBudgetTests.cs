using NativeProxy.Hosting.Processes;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class MemoryBudgetTests
{
    [Theory]
    [InlineData(1, 64L * 1024 * 1024)]
    [InlineData(10_000, 10_000L * 48 * 1024)]
    [InlineData(1_000_000, 2L * 1024 * 1024 * 1024)]
    public void Budget_FollowsTheConnectionsBetweenItsBounds(int connectionsMax, long expected) =>
        Assert.Equal(expected,
            MemoryBudget.BufferBytes(SettingsTrial.Parse(SettingsTrial.Minimal
                + $"[runtime]\nreplay_bytes = 0\nmax_connections = {connectionsMax}\n").Settings));

    [Fact]
    public void KeptBodies_ComeOnTopOfIt() =>
        Assert.Equal(64L * 1024 * 1024 + 160L * 1024 * 1024,
            MemoryBudget.BufferBytes(SettingsTrial.Parse(SettingsTrial.Minimal
                + "[runtime]\nreplay_bytes = \"100MiB\"\nmax_connections = 1\n").Settings));


    [Fact]
    public void BudgetThatIsGiven_Holds() =>
        Assert.Equal(3L * 1024 * 1024,
            MemoryBudget.BufferBytes(SettingsTrial.Parse(SettingsTrial.Minimal + "[runtime]\nbuffer_bytes = \"3MiB\"\n").Settings));
}
