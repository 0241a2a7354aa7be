using NativeProxy.Compression;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Compression;

public class AcceptedCodingsTests
{
    [Theory]
    [InlineData("Accept-Encoding: gzip")]
    [InlineData("Accept-Encoding: br, GZIP;q=0.8")]
    [InlineData("Accept-Encoding: x-gzip")]
    [InlineData("Accept-Encoding: *")]
    [InlineData("Accept-Encoding: br;q=0, *;q=0.1")]
    [InlineData("Accept-Encoding: gzip ; q=0.001")]
    [InlineData("Accept-Encoding: gzip, *;q=0")]
    [InlineData("Accept-Encoding: br", "accept-encoding: gzip")]
    public void ClientThatTakesIt_IsKnown(params string[] lines) => Assert.True(Takes(lines));

    [Theory]
    [InlineData("X: y")]
    [InlineData("Accept-Encoding:")]
    [InlineData("Accept-Encoding: identity")]
    [InlineData("Accept-Encoding: gzip;q=0")]
    [InlineData("Accept-Encoding: gzip;Q=0.000")]
    [InlineData("Accept-Encoding: gzip; q=0, *")]
    [InlineData("Accept-Encoding: *;q=0")]
    [InlineData("Accept-Encoding: gzipped, pgzip")]
    [InlineData("Accept-Encoding: ,;,;q=1")]
    [InlineData("Accept-Encodings: gzip")]
    public void ClientThatDoesNot_IsKnown(params string[] lines) => Assert.False(Takes(lines));

    [Theory]
    [InlineData(true, "Cache-Control: no-transform")]
    [InlineData(true, "Cache-Control: max-age=1, No-Transform")]
    [InlineData(true, "Cache-Control: max-age=1", "cache-control: no-transform")]
    [InlineData(false, "Cache-Control: transform")]
    [InlineData(false, "X: no-transform")]
    public void WhoForbidsIt_IsKnown(bool isForbidden, params string[] lines)
    {
        string text = Wire.Get(lines);
        Wire.Request(text, out RequestHead head);
        Assert.Equal(isForbidden, AcceptedCodings.ForbidsTransform(Wire.Bytes(text), head.Fields));
    }

    private static bool Takes(string[] lines)
    {
        string text = Wire.Get(lines);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        return AcceptedCodings.TakesGzip(Wire.Bytes(text), head.Fields);
    }
}
