using System;
using System.Linq;
using System.Net.Security;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Http1;
using NativeProxy.Tls;
using Xunit;

namespace NativeProxy.Tests.Tls;

/// <summary>The server name in a ClientHello, whole, in pieces, in several records, and what is none.</summary>
public sealed class ClientHelloReaderTests
{
    private readonly ClientHelloReader _reader = new();

    [Theory]
    [InlineData("a.example", "a.example")]
    [InlineData("A.Example", "A.Example")]
    [InlineData("a.example.", "a.example")]
    [InlineData("x", "x")]
    public void Name_IsRead(string sent, string read) => Assert.Equal((ClientHelloStatus.Named, read), Read(Hellos.For(sent)));

    /// <summary>The bytes of a real client.</summary>
    [Fact]
    public async Task HelloOfTheRuntime_IsRead()
    {
        using var sent = new FirstBytes();
        await using var client = new SslStream(sent);
        await Assert.ThrowsAnyAsync<Exception>(() => client.AuthenticateAsClientAsync("real.example"));
        Assert.Equal((ClientHelloStatus.Named, "real.example"), Read(sent.ToArray()));
    }

    [Fact]
    public void EveryPrefix_NeedsMore_InOneRecordAndInMany()
    {
        byte[] message = Hellos.Message(Hellos.Body(Hellos.NameExtension("a.example")));
        foreach (int recordBytes in (int[])[1, 2, 3, 4, 5, 7, 50, message.Length - 1, message.Length])
        {
            byte[] all = Hellos.InRecords(message, recordBytes);
            for (int length = 0; length < all.Length; length++)
                Assert.Equal(ClientHelloStatus.NeedMore, Read(all[..length]).Status);
            Assert.Equal((ClientHelloStatus.Named, "a.example"), Read(all));
            Assert.Equal((ClientHelloStatus.Named, "a.example"), Read([.. all, 23, 3, 3, 0, 1, 0]));
        }
    }

    [Fact]
    public void HelloWithoutAName_IsNameless()
    {
        Assert.Equal(ClientHelloStatus.Nameless, Read(Hellos.For(null)).Status);
        Assert.Equal(ClientHelloStatus.Nameless, Read(Hellos.Record(Hellos.Message(Hellos.BodyBefore()))).Status);
    }

    /// <summary>The first byte that cannot be a ClientHello's says so: nobody waits for more.</summary>
    [Theory]
    [InlineData("G")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("\x15")]
    [InlineData("\x80\x2e\x01\x03\x01")]
    [InlineData("\x16\x02")]
    [InlineData("\x16\x03\x01\x00\x00")]
    [InlineData("\x16\x03\x01\x40\x01")]
    [InlineData("\x16\x03\x01\x00\x05\x02")]
    [InlineData("\x16\x03\x01\x40\x00\x01\xff\xff\xff")]
    [InlineData("\x16\x03\x01\x00\x01\x01\x17")]
    public void OtherBytes_AreNamelessAtOnce(string bytes) => Assert.Equal(ClientHelloStatus.Nameless, Read(Wire.Bytes(bytes)).Status);

    [Fact]
    public void BadExtensions_AreNameless()
    {
        byte[] name = Encoding.ASCII.GetBytes("a.example");
        byte[] list = Hellos.NameList(name);
        byte[][] bad =
        [
            [.. Hellos.NameExtension("a.example"), .. Hellos.NameExtension("b.example")],
            Hellos.Extension(0, []),
            Hellos.Extension(0, [0, 0]),
            Hellos.Extension(0, Hellos.NameList([])),
            Hellos.Extension(0, Hellos.NameList(name, type: 1)),
            Hellos.Extension(0, [.. list, 0]),
            Hellos.Extension(0, list[..^1]),
            Hellos.Extension(0, [0, 24, .. list[2..], .. list[2..]]),
            Hellos.Extension(0, Hellos.NameList([.. name, 0])),
            Hellos.Extension(0, Hellos.NameList([.. name, 32])),
            Hellos.Extension(0, Hellos.NameList([.. name, 0xc3])),
            Hellos.Extension(0, Hellos.NameList(new byte[256].Select(static _ => (byte)'a').ToArray())),
            [0, 0, 0xff, 0xff],
            [0],
        ];
        foreach (byte[] extensions in bad)
            Assert.Equal((ClientHelloStatus.Nameless, ""), Read(Hellos.Record(Hellos.Message(Hellos.Body(extensions)))));
        Assert.Equal(ClientHelloStatus.Nameless, Read(Hellos.Record(Hellos.Message([.. Hellos.Body(Hellos.NameExtension("a")), 0]))).Status);
    }

    /// <summary>Whoever sends records of one byte fills the room with their heads, and is not waited for any more then.</summary>
    [Fact]
    public void HelloThatDoesNotEndInTime_IsNameless()
    {
        byte[] endless = Hellos.InRecords(Hellos.Message(Hellos.Body(Hellos.Extension(21, new byte[10_000]))), 1);
        Assert.Equal(ClientHelloStatus.NeedMore, Read(endless[..(ClientHelloReader.BytesMax - 1)]).Status);
        Assert.Equal(ClientHelloStatus.Nameless, Read(endless[..ClientHelloReader.BytesMax]).Status);
        Assert.Equal(ClientHelloStatus.Nameless, Read(endless).Status);
        byte[] large = Hellos.Record(Hellos.Message(Hellos.Body([.. Hellos.Extension(21, new byte[15_000]), .. Hellos.NameExtension("a")])));
        Assert.Equal((ClientHelloStatus.Named, "a"), Read(large));
    }

    /// <summary>Any byte of a proper hello, changed: whatever comes of it, nothing breaks, and every prefix agrees with the whole.</summary>
    [Fact]
    public void ChangedBytes_BreakNothing()
    {
        var random = new Random(5);
        using var page = new GuardedPage();
        byte[] message = Hellos.Message(Hellos.Body(Hellos.NameExtension("a.example")));
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = Hellos.InRecords(message, random.Next(1, message.Length + 1));
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            ClientHelloStatus whole = _reader.Read(page.AtEnd(bytes), out ReadOnlySpan<byte> name);
            Assert.True(whole != ClientHelloStatus.Named || name.Length is > 0 and < 256);
            ClientHelloStatus part = Read(bytes[..random.Next(bytes.Length)]).Status;
            Assert.True(part == ClientHelloStatus.NeedMore || part == whole);
        }
    }

    private (ClientHelloStatus Status, string Name) Read(byte[] bytes)
    {
        ClientHelloStatus status = _reader.Read(bytes, out ReadOnlySpan<byte> name);
        return (status, Encoding.Latin1.GetString(name));
    }

    /// <summary>Keeps what is written and has nothing to read.</summary>
    private sealed class FirstBytes : System.IO.MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, System.Threading.CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(0);
    }
}
