using System;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>Which server a client of a listener in mode "tcp" gets: by its address, never by what it says.</summary>
public sealed class ClientAddressTests
{
    private const int Addresses = 16;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "S2.14")]
    public async Task EachAddressHasItsServer_WhateverCookieItSends(int workers)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).WithWorkers(workers)
            .Listener("mode = \"tcp\"").Upstream("balance = \"source_hash\""));

        string first = await AskFromAll(proxy, "");
        Assert.Equal(first, await AskFromAll(proxy, "Cookie: SERVERID=a\r\n"));
        Assert.Equal(first, await AskFromAll(proxy, "Cookie: SERVERID=b\r\n"));

        Assert.Equal("ab", string.Concat(first.Distinct().Order()));
        Assert.All(a.Requests.Concat(b.Requests).Skip(Addresses),
            static seen => Assert.Contains("Host: test\r\n", seen.Request, StringComparison.Ordinal));
    }

    private static async Task<string> AskFromAll(ProxyUnderTest proxy, string fields)
    {
        string servers = "";
        for (int i = 1; i <= Addresses; i++)
        {
            await using RawClient client = await RawClient.Connect(proxy.Port(), from: new IPAddress([127, 0, 3, (byte)i]), showsDate: true);
            HttpResponse response = await client.Ask("/", fields);
            Assert.Null(response.Field("Set-Cookie"));
            servers += response.Body;
        }
        return servers;
    }

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
