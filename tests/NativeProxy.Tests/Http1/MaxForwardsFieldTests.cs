using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class MaxForwardsFieldTests
{
    [Theory]
    [InlineData(0, "Max-Forwards: 0")]
    [InlineData(0, "Max-Forwards: 000")]
    [InlineData(10, "mAX-fORWARDS:\t10 ")]
    [InlineData(2147483647, "Max-Forwards: 2147483647")]
    [InlineData(2147483648, "Max-Forwards: 2147483648")]
    [InlineData(2147483648, "Max-Forwards: 2147483649")]
    [InlineData(2147483648, "Max-Forwards: 9223372036854775807")]
    [InlineData(2147483648, "Max-Forwards: 9223372036854775808")]
    [InlineData(2147483648, "Max-Forwards: 18446744073709551616")]
    public void Number_IsRead_AndWhatIsBeyondOursCountsAsOneMore(long expected, string line)
    {
        Assert.True(TryRead(out long? count, line));
        Assert.Equal(expected, count);
    }

    [Fact]
    public void NoField_IsNoLimit()
    {
        Assert.True(TryRead(out long? count, "X-Max-Forwards: 0", "Max_Forwards: 0"));
        Assert.Null(count);
    }

    [Theory]
    [InlineData("Max-Forwards:")]
    [InlineData("Max-Forwards: -1")]
    [InlineData("Max-Forwards: +1")]
    [InlineData("Max-Forwards: 1 1")]
    [InlineData("Max-Forwards: 1,1")]
    [InlineData("Max-Forwards: 1.0")]
    [InlineData("Max-Forwards: 0x1")]
    [InlineData("Max-Forwards: one")]
    [InlineData("Max-Forwards: \u00b2")]
    [InlineData("Max-Forwards: 1", "Max-Forwards: 1")]
    [InlineData("Max-Forwards: 1", "X: 1", "max-forwards: 0")]
    public void AnythingElse_IsNot(params string[] lines) => Assert.False(TryRead(out _, lines));

    private static bool TryRead(out long? count, params string[] lines)
    {
        string text = Get(lines);
        Assert.Equal("Done", Verdict(Request(text, out RequestHead head)));
        return MaxForwardsField.TryRead(Bytes(text), head.Fields, out count);
    }
}
