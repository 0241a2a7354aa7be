using System.Net;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class ServerAddressRingTests
{
    private readonly ServerAddressRing _ring = new(At(1), At(2), At(3));

    [Fact]
    public void AddressThatFailed_IsPassedOver_AndTheOneThatWorkedComesFirst()
    {
        ServerAddress first = _ring.First;
        Assert.Equal(At(1), first.EndPoint);

        _ring.Failed(first);
        Assert.Equal(At(2), _ring.First.EndPoint);
        Assert.Same(_ring.First, _ring.After(first));

        ServerAddress third = _ring.After(_ring.First);
        _ring.Worked(third);
        Assert.Equal(At(3), _ring.First.EndPoint);
        Assert.Same(first, _ring.After(third));
    }

    [Fact]
    public void AddressThatIsNotFirst_ChangesNothingByFailing()
    {
        _ring.Failed(_ring.After(_ring.First));

        Assert.Equal(At(1), _ring.First.EndPoint);
    }

    [Fact]
    public void OtherAddresses_LeaveTheSameOnesInPlace_AndMarkThoseThatLeft()
    {
        ServerAddress first = _ring.First;
        ServerAddress second = _ring.After(first);
        _ring.Worked(second);

        Assert.True(_ring.Replace([At(4), At(2)]));

        Assert.Same(second, _ring.First);
        Assert.Equal((true, false, 2), (first.HasLeft, second.HasLeft, _ring.Count));
        Assert.Equal(At(4), _ring.After(second).EndPoint);
        Assert.Same(second, _ring.After(first));
    }

    [Fact]
    public void AnotherOrder_IsNoChange()
    {
        Assert.False(_ring.Replace([At(3), At(1), At(2)]));
        Assert.Equal(At(1), _ring.First.EndPoint);
    }

    [Fact]
    public void NoAddresses_AreACompleteAnswerToo()
    {
        Assert.True(_ring.Replace([]));
        Assert.Equal(0, _ring.Count);
        Assert.True(_ring.Replace([At(9)]));
        Assert.Equal(At(9), _ring.First.EndPoint);
        Assert.Equal(0, new ServerAddressRing().Count);
    }

    private static IPEndPoint At(int port) => new(IPAddress.Loopback, port);
}
