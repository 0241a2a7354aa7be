using System;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The page of the admin endpoint: one document, nothing from elsewhere, and what comes from elsewhere is only ever text in it.</summary>
[Trait("layer", "no")] // The admin endpoint has no layer.
public sealed class StatsPageTests
{
    [Fact]
    public async Task Page_IsOneDocument_ThatObeysItsOwnScriptOnly()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{proxy.AdminPort}/"));
        request.Headers.Accept.ParseAdd("text/html,application/xhtml+xml");
        using HttpResponseMessage answer = await client.SendAsync(request);
        string page = await answer.Content.ReadAsStringAsync();
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.InRange(Encoding.UTF8.GetByteCount(page), 10_000, 60_000);

        string policy = string.Join(' ', answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        foreach (string element in (string[])["script", "style"])
        {
            string text = Regex.Match(page, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline).Groups[1].Value;
            string hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
            Assert.Contains($"{element}-src 'sha256-{hash}'", policy, StringComparison.Ordinal);
        }

        // Nothing from elsewhere, nothing made of text, nothing kept.
        Assert.DoesNotMatch("""(src|href)="(?!data:)""", page);
        Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacent|document\\.write|eval\\(|localStorage|sessionStorage|document\\.cookie", page);
        Assert.DoesNotMatch("https?://(?!www\\.w3\\.org/2000/svg)", page);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.Contains("name=\"viewport\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoShowsNoPages_GetsTheListOfPaths()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin));
        using var client = new HttpClient();
        Assert.StartsWith("/health", await client.GetStringAsync(new Uri($"http://127.0.0.1:{proxy.AdminPort}/")), StringComparison.Ordinal);
    }

    /// <summary>A path that looks like a script stays text, whoever asks for it.</summary>
    [BrowserFact]
    public async Task Browser_ShowsServersSessionsAndCloses()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("access = \"stdout\"").WithWorkers(2));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet("/<img/src=x/onerror=document.title=1>");
        await (await origin.Accept()).ReadHead();
        await using (RawClient leaves = await proxy.Connect())
            await leaves.Send("GET / HTTP/1.1\r\n\r\n");
        await using BrowserPage browser = await BrowserPage.Open(isPhone: false);
        await browser.Show(proxy);
        await browser.Await("#sessions", "waiting_for_answer");
        await browser.Await("#sessions", "GET /<img/src=x/onerror=document.title=1>");
        await browser.Await("#recent", "bad_request");
        await browser.Await("#serversNote", "1 of 1 up");
        Assert.Equal("NativeProxy", await browser.Page.TitleAsync());
        Assert.Equal(0, await browser.Page.Locator("img").CountAsync());
        browser.ExpectNoProblems();
    }

    /// <summary>Once it is open it asks for nothing more: the stream tells it, also across an upgrade.</summary>
    [BrowserFact]
    public async Task NumbersMove_ByTheStreamAlone_AndAnUpgradeIsFollowed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        await using BrowserPage browser = await BrowserPage.Open(isPhone: true);
        await browser.Show(proxy);
        await browser.Await("#live", "live");
        for (int i = 1; i <= 3; i++)
        {
            await proxy.AskOnce();
            ILocator answered = browser.Page.Locator("#listeners tbody td").Nth(6);
            await Assertions.Expect(answered).ToHaveTextAsync($"{i}", new() { Timeout = 30_000 });
        }
        await browser.Await("#clientFlow", "3 closed since the start");
        Assert.Equal(["/", "/api/events?order=longest"], browser.Requests);

        // In the dark, and nothing is wider than a phone.
        Assert.Equal("rgb(18, 21, 27)", await browser.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        Assert.Equal(390, await browser.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await browser.Picture("phone");
        browser.ExpectNoProblems();

        int before = proxy.Id;
        await browser.Await("#facts", $"process {before}");
        Assert.True(await proxy.Upgrade());
        await browser.Await("#facts", $"process {proxy.Id}");
        await browser.Await("#live", "live");
    }

    /// <summary>What is clicked tells its story in words, which goes on while it is read, to its end.</summary>
    [BrowserFact]
    public async Task SessionThatIsClicked_TellsItsStory_ToItsEnd()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("access = \"stdout\""));
        await using (RawClient before = await proxy.Connect())
            await before.Send("GET / HTTP/1.1\r\n\r\n");
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/report");
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await using BrowserPage browser = await BrowserPage.Open(isPhone: true);
        await browser.Show(proxy);
        await browser.Await("#recent", "bad_request");
        await browser.Page.Locator("#sessions tbody tr").ClickAsync();
        await browser.Await("#storyLines", "connected from 127.0.0.1:");
        await browser.Await("#storyLines", "request 1 began: GET /report");
        await browser.Await("#storyLines", "sent to it over server connection ");
        await browser.Await("#storyLines", "the server has the request: its answer is awaited");
        await browser.Await("#storyLines", "if nothing comes from the server (timeouts.response)");
        await browser.Await("#storyBefore", "closed: bad_request, by proxy");
        await browser.Picture("story");
        await server.Send(OriginConnection.Ok);
        await client.ReadResponse();
        await browser.Await("#storyLines", "nothing is asked: the next request is awaited");
        await browser.Await("#storyLines", "closed, if no request comes (keepalive.timeout)");
        client.Close();
        await browser.Await("#storyLines", "closed: client_closed, by peer");
        await browser.Picture("story-end");
    }

    /// <summary>Where all streams are taken the page asks for the same each second.</summary>
    [BrowserFact]
    public async Task PageWithoutAStream_AsksInstead()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin));
        RawClient[] streams = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RawClient.Connect(proxy.AdminPort)));
        foreach (RawClient stream in streams)
        {
            await stream.Send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            await stream.ReadHead();
        }
        await using BrowserPage browser = await BrowserPage.Open(isPhone: false);
        await browser.Show(proxy);
        await browser.Await("#live", "asked each second");
        await proxy.AskOnce();
        await browser.Await("#clientFlow", "1 closed since the start");
        foreach (RawClient stream in streams)
            await stream.DisposeAsync();
        await browser.Await("#live", "live");
    }
}
