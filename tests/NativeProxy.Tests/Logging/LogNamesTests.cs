using System.Globalization;
using NativeProxy.Logging;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Logging;

public sealed class LogNamesTests
{
    [Fact]
    public void Names_KeepTheirIds_HoweverManyFollow()
    {
        var names = new LogNames();
        for (int i = 1; i <= 1000; i++)
            Assert.Equal(i, names.Register("route " + i.ToString(CultureInfo.InvariantCulture)));

        Assert.Equal(7, names.Register("route 7"));
        Assert.Equal("route 7", Wire.Text(names.NameOf(7)));
        Assert.Equal("route 1000", Wire.Text(names.NameOf(1000)));
        foreach (int unknown in (int[])[LogNames.None, 1001, 5000, -1])
            Assert.Equal(("", "-"), (Wire.Text(names.NameOf(unknown)), Wire.Text(names.WordOf(unknown))));
    }
}
