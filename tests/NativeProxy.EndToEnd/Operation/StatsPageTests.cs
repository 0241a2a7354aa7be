using System;
using System.Diagnostics;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
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

    /// <summary>In a browser: what the proxy knows is there, and a path that looks like a script stays text.</summary>
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
        string profile = Directory.CreateTempSubdirectory("nativeproxy-page-").FullName;
        using Process browser = Process.Start(new ProcessStartInfo(BrowserFactAttribute.Name,
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", $"--user-data-dir={profile}", "--virtual-time-budget=4000", "--dump-dom",
            $"http://127.0.0.1:{proxy.AdminPort}/",
        ]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = browser.StandardError.ReadToEndAsync();
        string dom = await browser.StandardOutput.ReadToEndAsync();
        await browser.WaitForExitAsync();
        Directory.Delete(profile, recursive: true);
        Assert.True(dom.Contains("waiting_for_answer", StringComparison.Ordinal), await errors + dom);
        Assert.Contains("<title>NativeProxy</title>", dom, StringComparison.Ordinal);
        Assert.Contains("&lt;img/src=x", dom, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", dom, StringComparison.Ordinal);
        Assert.Contains("bad_request", dom, StringComparison.Ordinal);
        Assert.Contains("1 of 1 up", dom, StringComparison.Ordinal);
    }
}
