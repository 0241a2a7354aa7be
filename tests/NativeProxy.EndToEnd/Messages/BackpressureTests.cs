using System;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>A side that does not take what it is sent stops the other side instead of filling the proxy.</summary>
[Trait("layer", "no")] // judges memory
public sealed class BackpressureTests
{
    private const long BodyBytes = 200L * 1024 * 1024;
    private const long GrowthBytesMax = 24L * 1024 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientThatDoesNotRead_BoundsTheProxysMemory_AndLaterGetsEveryByte(bool isChunked)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        long before = ProcessView.ResidentBytes(proxy.Id);
        var offer = new Offer(server, isChunked);
        Task sending = offer.Send($"HTTP/1.1 200 OK\r\n{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {BodyBytes}")}\r\n\r\n");
        await offer.WaitUntilItStands();
        Assert.InRange(offer.SentBytes, 1, BodyBytes - 1);
        Assert.InRange(ProcessView.ResidentBytes(proxy.Id) - before, long.MinValue, GrowthBytesMax);

        await client.ReadHead();
        Assert.Equal(await ReadAll(client, isChunked), await offer.Hash(sending));
        Assert.InRange(ProcessView.ResidentBytes(proxy.Id) - before, long.MinValue, GrowthBytesMax);
    }

    [Fact]
    public async Task ServerThatDoesNotRead_BoundsTheProxysMemory_AndLaterGetsEveryByte()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        long before = ProcessView.ResidentBytes(proxy.Id);
        var offer = new Offer(client, isChunked: false);
        Task sending = offer.Send($"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {BodyBytes}\r\n\r\n");
        OriginConnection server = await origin.Accept();
        await offer.WaitUntilItStands();
        Assert.InRange(offer.SentBytes, 1, BodyBytes - 1);
        Assert.InRange(ProcessView.ResidentBytes(proxy.Id) - before, long.MinValue, GrowthBytesMax);

        await server.ReadHead();
        Assert.Equal(await ReadAll(server, isChunked: false), await offer.Hash(sending));
        Assert.InRange(ProcessView.ResidentBytes(proxy.Id) - before, long.MinValue, GrowthBytesMax);
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    /// <summary>Hash of the whole body as it arrives.</summary>
    private static async Task<string> ReadAll(TestSocket socket, bool isChunked)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long left = BodyBytes;
        while (left > 0)
        {
            int count = isChunked ? Convert.ToInt32((await socket.TakeThrough("\r\n")).TrimEnd(), 16) : (int)Math.Min(left, 64 * 1024);
            hash.AppendData(await socket.TakeBytes(count));
            if (isChunked)
                Assert.Equal("\r\n", Encoding.Latin1.GetString(await socket.TakeBytes(2)));
            left -= count;
        }
        if (isChunked)
            Assert.Equal("0\r\n\r\n", Encoding.Latin1.GetString(await socket.TakeBytes(5)));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>A large body that one side offers as fast as it is taken.</summary>
    private sealed class Offer(TestSocket socket, bool isChunked)
    {
        private const int BlockBytes = 256 * 1024;
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _sentBytes;

        public long SentBytes => Volatile.Read(ref _sentBytes);

        public async Task Send(string head)
        {
            await socket.Send(head);
            byte[] block = new byte[BlockBytes];
            var random = new Random(7);
            for (long sent = 0; sent < BodyBytes; sent += BlockBytes)
            {
                random.NextBytes(block);
                _hash.AppendData(block);
                if (isChunked)
                    await socket.Send($"{BlockBytes:x}\r\n");
                await socket.Send(block);
                if (isChunked)
                    await socket.Send("\r\n");
                Volatile.Write(ref _sentBytes, sent + BlockBytes);
            }
            if (isChunked)
                await socket.Send("0\r\n\r\n");
        }

        /// <summary>Until no block has been taken for a while: as much is on its way as everybody together holds.</summary>
        public async Task WaitUntilItStands()
        {
            long seen = -1;
            while (seen != SentBytes || seen == 0)
            {
                seen = SentBytes;
                await PassingTime.Of(700);
            }
        }

        public async Task<string> Hash(Task sending)
        {
            await sending;
            return Convert.ToHexString(_hash.GetHashAndReset());
        }
    }
}
