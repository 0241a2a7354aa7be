using System;
using NativeProxy.Credentials;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Credentials;

public class BasicCredentialsTests
{
    [Theory]
    [InlineData("Basic Ym9iOnMzY3JldA==", "bob:s3cret")]
    [InlineData("basic Ym9iOnMzY3JldA==", "bob:s3cret")]
    [InlineData("BASIC   Ym9iOnMzY3JldA==", "bob:s3cret")]
    [InlineData("Basic Ym9iOg==", "bob:")]
    [InlineData("Basic Ym9iOmE6Yg==", "bob:a:b")]
    public void NameAndPassword_AreRead(string value, string expected) => Assert.Equal(expected, Read($"Authorization: {value}"));

    [Theory]
    [InlineData("Authorization: Basic")]
    [InlineData("Authorization: Basic ")]
    [InlineData("Authorization: BasicYm9iOnMzY3JldA==")]
    [InlineData("Authorization: Bearer Ym9iOnMzY3JldA==")]
    [InlineData("Authorization: Basic Ym9iOnMzY3JldA")]
    [InlineData("Authorization: Basic Ym9i OnMzY3JldA==")]
    [InlineData("Authorization: Basic Ym9iOnMzY3JldA==,")]
    [InlineData("Authorization: Basic Ym9i")]
    [InlineData("Authorization: Basic OnMzY3JldA==")]
    [InlineData("Authorization: Basic Ym9iOgo=")]
    [InlineData("Authorization: Basic Ym9iOgA=")]
    [InlineData("Authorization: Basic %%%%")]
    [InlineData("Proxy-Authorization: Basic Ym9iOnMzY3JldA==")]
    public void AnythingElse_IsNone(string line) => Assert.Equal("", Read(line));

    [Fact]
    public void SecondField_MakesBothNone() =>
        Assert.Equal("", Read("Authorization: Basic Ym9iOnMzY3JldA==", "Authorization: Basic Ym9iOnMzY3JldA=="));

    [Fact]
    public void Overlong_IsNone()
    {
        string longest = Convert.ToBase64String(Wire.Bytes("bob:" + new string('a', BasicCredentials.BytesMax - 4)));
        Assert.Equal(BasicCredentials.BytesMax, Read($"Authorization: Basic {longest}").Length);
        Assert.Equal("", Read($"Authorization: Basic {longest}YWFh"));
    }

    private static string Read(params string[] lines)
    {
        string text = Wire.Get(lines);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        byte[] room = new byte[BasicCredentials.BytesMax];
        return Wire.Text(room.AsSpan(0, BasicCredentials.Read(Wire.Bytes(text), head.Fields, room)));
    }
}
