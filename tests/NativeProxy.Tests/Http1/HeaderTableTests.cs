using System;
using System.Linq;
using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class HeaderTableTests
{
    [Fact]
    public void KnownFields_AreFoundFirstAndNextAndCounted()
    {
        HeaderTable table = new(capacity: 8);
        table.TryAdd(default, default, KnownHeader.None);
        table.TryAdd(default, default, KnownHeader.Cookie);
        table.TryAdd(default, default, KnownHeader.Host);
        table.TryAdd(default, default, KnownHeader.Cookie);

        Assert.Equal(1, table.FirstIndexOf(KnownHeader.Cookie));
        Assert.Equal(3, table.NextIndexOf(KnownHeader.Cookie, 1));
        Assert.Equal(-1, table.NextIndexOf(KnownHeader.Cookie, 3));
        Assert.Equal(2, table.CountOf(KnownHeader.Cookie));
        Assert.Equal(1, table.CountOf(KnownHeader.Host));
        Assert.Equal(0, table.CountOf(KnownHeader.Via));
        Assert.Equal(-1, table.FirstIndexOf(KnownHeader.Via));
        Assert.Equal(-1, table.FirstIndexOf(KnownHeader.None));
    }

    [Fact]
    public void Cleared_TableKnowsNothing()
    {
        HeaderTable table = new(capacity: 2);
        table.TryAdd(default, default, KnownHeader.Host);
        table.TryAdd(default, default, KnownHeader.Host);
        Assert.False(table.TryAdd(default, default, KnownHeader.Host));
        table.Clear();
        Assert.Equal(0, table.Count);
        Assert.Equal(0, table.CountOf(KnownHeader.Host));
        Assert.True(table.TryAdd(default, default, KnownHeader.Via));
    }

    [Fact]
    public void KnownHeaders_FitOneWord() => Assert.True(Enum.GetValues<KnownHeader>().Max(known => (int)known) < 64);

    /// <summary>The spelling follows from the name of the value, so none can be forgotten in the lookup.</summary>
    [Fact]
    public void EveryKnownHeader_IsFoundInAnyCase()
    {
        foreach (KnownHeader known in Enum.GetValues<KnownHeader>().Where(known => known != KnownHeader.None))
        {
            string name = known switch
            {
                KnownHeader.ETag => "ETag",
                KnownHeader.Http2Settings => "HTTP2-Settings",
                _ => string.Concat(known.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "-" + c : c.ToString())),
            };
            Assert.Equal(known, KnownHeaders.Find(Bytes(name)));
            Assert.Equal(known, KnownHeaders.Find(Bytes(name.ToUpperInvariant())));
            Assert.Equal(known, KnownHeaders.Find(Bytes(name.ToLowerInvariant())));
            Assert.Equal(KnownHeader.None, KnownHeaders.Find(Bytes(name + "x")));
            Assert.Equal(KnownHeader.None, KnownHeaders.Find(Bytes("x" + name[1..] + "~")));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Transfer_Encoding")]
    [InlineData("Content_Length")]
    [InlineData("Hosts")]
    [InlineData("X")]
    public void OtherNames_AreUnknown(string name) => Assert.Equal(KnownHeader.None, KnownHeaders.Find(Bytes(name)));
}
