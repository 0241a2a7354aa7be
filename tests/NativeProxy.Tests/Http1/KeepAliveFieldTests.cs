using System.Text;
using NativeProxy.Http1;
using Xunit;

namespace NativeProxy.Tests.Http1;

public class KeepAliveFieldTests
{
    [Theory]
    [InlineData("timeout=5", 5)]
    [InlineData("timeout=5, max=100", 5)]
    [InlineData("max=100,Timeout = 75", 75)]
    [InlineData("timeout=0", 0)]
    [InlineData("timeout=99999999999999999999", 86400)]
    [InlineData("", -1)]
    [InlineData("max=100", -1)]
    [InlineData("timeout", -1)]
    [InlineData("timeout=", -1)]
    [InlineData("timeout=-5", -1)]
    [InlineData("timeout=5s", -1)]
    [InlineData("xtimeout=5", -1)]
    [InlineData(",,,", -1)]
    public void Timeout_IsReadOrThereIsNone(string value, int seconds) =>
        Assert.Equal(seconds, KeepAliveField.TimeoutSeconds(Encoding.ASCII.GetBytes(value)));
}
