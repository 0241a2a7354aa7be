using NativeProxy.Hosting.Channels;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class AdoptMessageTests
{
    [Fact]
    public void Message_ArrivesAsItWasSent()
    {
        AdoptMessage read = AdoptMessage.Decode(new AdoptMessage(3, ["*:80", "[::1]:81"]).Encode());

        Assert.Equal(3, read.Worker);
        Assert.Equal(["*:80", "[::1]:81"], read.Binds);
    }
}
