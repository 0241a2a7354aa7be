using NativeProxy.Pressure;
using Xunit;

namespace NativeProxy.Tests.Pressure;

[Trait("promise", "S1.9")]
[Trait("promise", "S4.9")]
public class WorkerPressureTests
{
    private static readonly PressureLevels Calm = new(Clients: 10, Sockets: 20, BufferPermille: 100);

    [Fact]
    public void LowLevels_AreNoPressure()
    {
        WorkerPressure pressure = Made();
        pressure.Judge(Calm, nowMs: 0);

        Assert.False(pressure.DescriptorsAreShort || pressure.MemoryIsShort);
        Assert.Equal((0, 0), (pressure.ClientExcess(Calm), pressure.SocketExcess(Calm)));
    }

    [Theory]
    [InlineData(89, 20, 100, false, false)]
    [InlineData(90, 20, 100, true, false)]
    [InlineData(10, 179, 100, false, false)]
    [InlineData(10, 180, 100, true, false)]
    [InlineData(10, 20, 899, false, false)]
    [InlineData(10, 20, 900, false, true)]
    [InlineData(100, 200, 1000, true, true)]
    public void EachLevel_HasItsMark(int clients, int sockets, int bufferPermille, bool descriptors, bool memory)
    {
        WorkerPressure pressure = Made();
        var levels = new PressureLevels(clients, sockets, bufferPermille);
        Assert.Equal(descriptors || memory, pressure.ReachesAMark(levels));

        pressure.Judge(levels, nowMs: 0);

        Assert.Equal((descriptors, memory), (pressure.DescriptorsAreShort, pressure.MemoryIsShort));
    }

    [Fact]
    public void ShortOfClients_SaysHowManyMustGo()
    {
        WorkerPressure pressure = Made();
        PressureLevels levels = Calm with { Clients = 95, Sockets = 100 };
        pressure.Judge(levels, nowMs: 0);

        Assert.Equal((14, 0), (pressure.ClientExcess(levels), pressure.SocketExcess(levels)));
    }

    [Fact]
    public void BetweenTheMarks_MemoryStaysShort_ButNoConnectionGoesForIt()
    {
        WorkerPressure pressure = Made();
        pressure.Judge(Calm with { BufferPermille = 950 }, nowMs: 0);
        PressureLevels between = Calm with { BufferPermille = 850 };

        pressure.Judge(between, nowMs: 100);

        Assert.True(pressure.MemoryIsShort);
        Assert.False(pressure.BuffersAreAtHighMark(between));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FailedAccept_IsPressureForAWhile_WhateverTheLevels(bool forWantOfMemory)
    {
        WorkerPressure pressure = Made();
        Assert.True(pressure.AcceptFailed(forWantOfMemory, nowMs: 5000));

        pressure.Judge(Calm, nowMs: 5000 + WorkerPressure.AcceptFailureMs - 1);
        Assert.Equal((!forWantOfMemory, forWantOfMemory), (pressure.DescriptorsAreShort, pressure.MemoryIsShort));
        pressure.Judge(Calm, nowMs: 5000 + WorkerPressure.AcceptFailureMs);

        Assert.False(pressure.DescriptorsAreShort || pressure.MemoryIsShort);
    }

    [Fact]
    public void SwitchedOff_NothingIsEverShort()
    {
        WorkerPressure pressure = Made();
        pressure.AcceptFailed(forWantOfMemory: false, nowMs: 0);

        pressure.Apply(percent: 0, clientsMax: 100, socketsMax: 200);

        Assert.False(pressure.AcceptFailed(forWantOfMemory: true, nowMs: 1));
        pressure.Judge(new PressureLevels(100, 200, 1000), nowMs: 2);
        Assert.False(pressure.DescriptorsAreShort || pressure.MemoryIsShort);
    }

    [Fact]
    public void OtherMarks_HoldFromTheNextLookOn()
    {
        WorkerPressure pressure = Made();
        pressure.Judge(Calm with { Clients = 60 }, nowMs: 0);
        Assert.False(pressure.DescriptorsAreShort);

        pressure.Apply(percent: 50, clientsMax: 100, socketsMax: 200);
        pressure.Judge(Calm with { Clients = 60 }, nowMs: 1);

        Assert.True(pressure.DescriptorsAreShort);
    }

    private static WorkerPressure Made()
    {
        var pressure = new WorkerPressure();
        pressure.Apply(percent: 90, clientsMax: 100, socketsMax: 200);
        return pressure;
    }
}
