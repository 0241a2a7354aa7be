using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Certificates;
using Xunit;

namespace NativeProxy.Tests.Certificates;

/// <summary>Keys for tickets are read in the forms of nginx and HAProxy.</summary>
public sealed class TicketKeyFileTests
{
    private static readonly byte[] Short = [.. Enumerable.Range(1, 48).Select(static i => (byte)i)];
    private static readonly byte[] Long = [.. Enumerable.Range(101, 80).Select(static i => (byte)i)];

    [Fact]
    public void BareBytes_AreOneKey()
    {
        TicketKey key = Assert.Single(Read(Short, out string[] problems));
        Assert.Empty(problems);
        Assert.Equal(Short[..16], key.Name.ToArray());
        Assert.Equal(Short, key.Bytes);
    }

    [Fact]
    public void LinesOfBase64_AreAKeyEach()
    {
        List<TicketKey> keys = Read(Lines(Long, Short), out string[] problems);
        Assert.Empty(problems);
        Assert.Equal([Long, Short], keys.Select(static key => key.Bytes));
        Assert.Equal(Long, keys[0].Bytes);
    }

    [Fact]
    public void LineThatIsNoKey_IsNamed()
    {
        Read([.. Lines(Short), .. "AQID\n!\n"u8], out string[] problems);
        Assert.Equal(["t:2: this is no key for tickets", "t:3: this is no key for tickets"], problems);
    }

    [Fact]
    public void EmptyFile_HasNoKey()
    {
        Read([], out string[] problems);
        Assert.Equal(["t has no key for tickets"], problems);
    }

    [Fact]
    public void OneKeyTwice_IsRefused()
    {
        Read(Lines(Short, Short), out string[] problems);
        Assert.Equal(["t: two keys for tickets have one name, their first 16 bytes"], problems);
    }

    private static byte[] Lines(params byte[][] keys) =>
        Encoding.ASCII.GetBytes(string.Concat(keys.Select(static key => Convert.ToBase64String(key) + "\r\n")));

    private static List<TicketKey> Read(byte[] bytes, out string[] problems)
    {
        List<CertificateFinding> findings = [];
        Assert.Equal(TicketKeyFile.TryRead("t", bytes, out List<TicketKey> keys, findings), findings.Count == 0);
        problems = [.. findings.Select(static finding => finding.Problem)];
        return keys;
    }
}
