using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Addresses that this machine does not have: of two machines that share one, the other may have it now.</summary>
public sealed class FreeBindTests
{
    /// <summary>Of a network for documentation (RFC 5737, RFC 3849).</summary>
    [Theory]
    [Trait("promise", "ARCH-7")]
    [InlineData("192.0.2.77:18081", 1)]
    [InlineData("192.0.2.77:18082", 2)]
    [InlineData("[2001:db8::77]:18083", 1)]
    public async Task AddressThatIsElsewhere_IsBound(string address, int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Listener("freebind = true").AlsoBinding(address));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task WithoutTheKey_TheStartSaysWhatToDo()
    {
        XunitException failed = await Assert.ThrowsAnyAsync<XunitException>(
            () => ProxyUnderTest.Start(ProxyConfig.For("127.0.0.1:1").AlsoBinding("192.0.2.77:18084")));
        Assert.Contains("192.0.2.77:18084 is not an address of this machine; if it will be, say freebind = true", failed.Message,
            System.StringComparison.Ordinal);
    }
}
