using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Hosting.Securing;
using NativeProxy.Transport.Tls;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>The keys of session tickets on their way to a worker.</summary>
public sealed class TicketRingsTests
{
    [Fact]
    public void Line_ComesBackAsItWas_WhateverListenersAreCalled()
    {
        var rings = new Dictionary<string, TicketRing> { ["web"] = TicketRing.Random(), ["a b, ö"] = new([new byte[48]], sealing: 0) };

        TicketRings read = TicketRings.Parse(new TicketRings(rings).ToLine());

        foreach ((string name, TicketRing ring) in rings)
        {
            Assert.Equal(ring.Sealing, read.Of(name)!.Sealing);
            Assert.Equal(ring.Keys.Select(Convert.ToHexString), read.Of(name)!.Keys.Select(Convert.ToHexString));
        }
        Assert.Null(read.Of("other"));
    }

    [Fact]
    public void NoKeys_AreAnEmptyLine() => Assert.Equal("", new TicketRings(new Dictionary<string, TicketRing>()).ToLine());
}
