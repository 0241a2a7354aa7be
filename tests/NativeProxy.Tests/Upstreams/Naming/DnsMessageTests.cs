using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Naming;

public class DnsMessageTests
{
    private static readonly DnsQuery Query = new(0x1234, "app.test", DnsType.A);

    private static readonly byte[] Question = [3, (byte)'a', (byte)'p', (byte)'p', 4, (byte)'t', (byte)'e', (byte)'s', (byte)'t', 0, 0, 1, 0, 1];

    /// <summary>An alias and two addresses, with names that point back.</summary>
    private static readonly byte[] Answer =
    [
        0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0, .. Question,
        0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3, (byte)'w', (byte)'w', (byte)'w', 0xC0, 16,
        0xC0, 38, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 1,
        0xC0, 38, 0, 1, 0, 1, 0, 0, 0, 90, 0, 4, 192, 0, 2, 2,
    ];

    [Fact]
    public void Query_IsWrittenAsTheStandardSays()
    {
        byte[] bytes = new byte[DnsQuery.BytesMax];

        Assert.Equal([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Question], bytes[..Query.Write(bytes, announcesSize: false)]);
        Assert.Equal([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, .. Question, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0],
            bytes[..Query.Write(bytes, announcesSize: true)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.test")]
    public void NameThatDnsCannotHave_IsNotAskedFor(string name) =>
        Assert.Equal(0, new DnsQuery(1, name, DnsType.A).Write(new byte[DnsQuery.BytesMax], announcesSize: true));

    [Fact]
    public void LongestName_FitsAndALongerOneDoesNot()
    {
        string name = string.Join('.', Enumerable.Repeat(new string('a', 63), 3)) + "." + new string('b', 61);
        byte[] bytes = new byte[DnsQuery.BytesMax];

        Assert.Equal(DnsQuery.BytesMax, new DnsQuery(1, name, DnsType.A).Write(bytes, announcesSize: true));
        Assert.Equal(0, new DnsQuery(1, name + "b", DnsType.A).Write(bytes, announcesSize: true));
    }

    [Fact]
    public void ServiceRecords_AreReadWithTheirNumbers_AndABrokenOneEndsTheReading()
    {
        var query = new DnsQuery(0x1234, "app.test", DnsType.Srv);
        byte[] question = [.. Question];
        question[^3] = 33;
        byte[] whole =
        [
            0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, .. question,
            0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 9, 0, 10, 0x75, 0x30, 0x1F, 0x90, 1, (byte)'s', 0,
            0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 20, 0, 7, 0, 20, 0, 1, 0, 0, 0,
        ];
        DnsResponse response = DnsResponse.Read(query, whole);

        Assert.Equal((DnsVerdict.Answer, 20L), (response.Verdict, response.TtlSeconds));
        Assert.Equal([new DnsService(10, 30_000, 8080, "s"), new DnsService(20, 1, 0, "")], response.Services);
        for (int length = DnsQuery.HeadBytes + question.Length; length < whole.Length; length++)
            Assert.InRange(DnsResponse.Read(query, whole.AsSpan(0, length)).Services.Length, 0, 1);
        whole[37] = 3;
        Assert.Empty(DnsResponse.Read(query, whole).Services);
    }

    [Fact]
    public void Answer_GivesTheAddressesBehindTheAlias()
    {
        DnsResponse response = DnsResponse.Read(Query, Answer);

        Assert.Equal((DnsVerdict.Answer, 30), (response.Verdict, response.TtlSeconds));
        Assert.Equal(["192.0.2.1", "192.0.2.2"], response.Addresses.Select(static address => address.ToString()));
    }

    [Theory]
    [InlineData(0, 0x13)]
    [InlineData(2, 0x01)]
    [InlineData(2, 0x89)]
    [InlineData(5, 2)]
    [InlineData(13, 'b')]
    [InlineData(23, 28)]
    [InlineData(25, 3)]
    public void MessageThatDoesNotRepeatTheQuestion_IsNotOurs(int at, int value)
    {
        byte[] bytes = [.. Answer];
        bytes[at] = (byte)value;

        Assert.Equal(DnsVerdict.NotOurs, DnsResponse.Read(Query, bytes).Verdict);
    }

    [Fact]
    public void AddressOfAnotherName_IsNotTaken()
    {
        byte[] bytes = [.. Answer];
        bytes[39] = (byte)'x';
        Assert.Equal(2, DnsResponse.Read(Query, bytes).Addresses.Length);

        // The address records now belong to test, which nobody asked for.
        bytes[45] = bytes[61] = 16;
        Assert.Empty(DnsResponse.Read(Query, bytes).Addresses);
    }

    [Fact]
    public void EveryPrefix_IsReadWithoutFault()
    {
        for (int length = 0; length <= Answer.Length; length++)
        {
            DnsResponse response = DnsResponse.Read(Query, Answer.AsSpan(0, length));
            Assert.True(length < 26 ? response.Verdict == DnsVerdict.NotOurs : response.Verdict == DnsVerdict.Answer);
        }
    }

    [Fact]
    public void EveryChangedByte_IsReadWithoutFault()
    {
        var dice = new Random(7);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. Answer];
            for (int i = dice.Next(1, 6); i > 0; i--)
                bytes[dice.Next(bytes.Length)] = (byte)dice.Next(256);
            Assert.True(DnsResponse.Read(Query, bytes).Addresses.Length <= 2);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xC0, 0 })]
    [InlineData(new byte[] { 1, (byte)'a', 0xC0, 0 })]
    [InlineData(new byte[] { 0xC0, 2, 0xC0, 0 })]
    [InlineData(new byte[] { 64 })]
    [InlineData(new byte[] { 0x80, 0 })]
    [InlineData(new byte[] { 3, (byte)'a' })]
    [InlineData(new byte[] { 0xC0 })]
    [InlineData(new byte[0])]
    public void MalformedName_IsRefused(byte[] bytes)
    {
        int at = 0;

        Assert.False(DnsName.TryRead(bytes, ref at, out _));
    }

    [Fact]
    public void NameLongerThanDnsAllows_IsRefused()
    {
        var bytes = new List<byte>();
        for (int i = 0; i < 130; i++)
            bytes.AddRange([1, (byte)'a']);
        bytes.Add(0);
        int at = 0;

        Assert.False(DnsName.TryRead(bytes.ToArray(), ref at, out _));
    }
}
