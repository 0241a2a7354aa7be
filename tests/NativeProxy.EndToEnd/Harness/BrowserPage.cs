using System;
using System.Collections.Concurrent;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// A page in a browser without a window, which Playwright drives: a phone in the dark, or a wide screen in the light. What the page says on its
/// console, and what it breaks of its own policy, is an error at the end. With NATIVEPROXY_SCREENSHOTS it leaves pictures in that folder.
/// </summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private BrowserPage(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
        page.SetDefaultTimeout((float)Deadline.Limit.TotalMilliseconds);
        page.Console += (_, message) => _problems.Enqueue(message.Text);
        page.PageError += (_, error) => _problems.Enqueue(error);
        page.Request += (_, request) => Requests.Enqueue(new Uri(request.Url).PathAndQuery);
    }

    public IPage Page { get; }

    /// <summary>What the page has asked for, with the queries.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>A page that shows nothing yet.</summary>
    public static async Task<BrowserPage> Open(bool isPhone)
    {
        IPlaywright playwright = await Playwright.CreateAsync();
        IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = BrowserFactAttribute.Program,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
            ],
        });
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = isPhone ? new ViewportSize { Width = 390, Height = 844 } : new ViewportSize { Width = 1400, Height = 900 },
            ColorScheme = isPhone ? ColorScheme.Dark : ColorScheme.Light, DeviceScaleFactor = isPhone ? 2 : 1, IsMobile = isPhone, HasTouch = isPhone,
        });
        return new BrowserPage(playwright, browser, await context.NewPageAsync());
    }

    /// <summary>Goes to the page of a proxy's admin endpoint.</summary>
    public Task Show(ProxyUnderTest proxy) => Page.GotoAsync($"http://127.0.0.1:{proxy.AdminPort}/");

    /// <summary>Waits until what is there says this.</summary>
    public Task Await(string selector, string text) =>
        Assertions.Expect(Page.Locator(selector)).ToContainTextAsync(text, new() { Timeout = (float)Deadline.Limit.TotalMilliseconds });

    /// <summary>A picture, where they are wanted.</summary>
    public async Task Picture(string name)
    {
        if (Environment.GetEnvironmentVariable("NATIVEPROXY_SCREENSHOTS") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }

    /// <summary>Nothing went wrong in the page.</summary>
    public void ExpectNoProblems() => Assert.Empty(_problems);

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
