using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public sealed class RecorderSettingsTests
{
    [Fact]
    public void Defaults_KeepSomeMessages_WithoutSecrets()
    {
        RecorderSettings recorder = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Recorder;
        Assert.Equal((16, 2048L, true, false), (recorder.Messages, recorder.MessageBytes, recorder.Redact, recorder.RedactQuery));
        Assert.Empty(recorder.RedactHeaders);
    }

    [Theory]
    [InlineData("messages = 0")]
    [InlineData("messages = 64\nmessage_bytes = \"4KiB\"")]
    [InlineData("redact_headers = [\"X-Api-Key\"]\nredact_query = true\nredact = false")]
    public void SoundSettings_AreTaken(string lines) => Assert.Empty(SettingsTrial.Problems(With(lines)));

    [Theory]
    [InlineData("messages = 65")]
    [InlineData("messages = -1")]
    [InlineData("message_bytes = 63")]
    [InlineData("message_bytes = \"5KiB\"")]
    [InlineData("redact_headers = [\"X Api\"]")]
    [InlineData("redact_headers = [\"X:\"]")]
    [InlineData("redact = \"yes\"")]
    [InlineData("redacts = true")]
    public void SettingsThatAreNone_AreNamedWithTheirLine(string line) =>
        Assert.StartsWith("11", Assert.Single(SettingsTrial.Problems(With(line))).Split(':').First(), System.StringComparison.Ordinal);

    private static string With(string lines) => SettingsTrial.Minimal + "[recorder]\n" + lines + "\n";
}
