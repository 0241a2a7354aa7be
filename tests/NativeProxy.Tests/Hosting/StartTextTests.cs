using NativeProxy.Foundation;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class StartTextTests
{
    [Theory]
    [InlineData(1, "1 worker")]
    [InlineData(4, "4 workers")]
    public void Line_SaysWhatWasStarted(int workers, string expected) =>
        Assert.Equal(
            $"nativeproxy {ProductVersion.Text} started, {expected}: web on 127.0.0.1:8080 to app",
            StartText.Of(SettingsTrial.Parse(SettingsTrial.Minimal).Settings, workers, before: 0));
}
