using Xunit;

namespace NativeProxy.Tests.Caching;

/// <summary>RFC 9111 section 5.2.1: how old a response may be, and for how long it must still be fresh, is the client's to say.</summary>
public sealed class CacheDemandTests
{
    private const string Stored = "HTTP/1.1 200 OK\r\nCache-Control: max-age=50\r\nAge: 10\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>Two seconds after its arrival the response is 12 seconds old and fresh for 38 more.</summary>
    [Theory]
    [InlineData("Cache-Control: max-age=300", true)]
    [InlineData("Cache-Control: max-age=12", true)]
    [InlineData("Cache-Control: max-age=11", false)]
    [InlineData("Cache-Control: max-age=0", false)]
    [InlineData("Cache-Control: min-fresh=0", true)]
    [InlineData("Cache-Control: min-fresh=38", true)]
    [InlineData("Cache-Control: min-fresh=39", false)]
    [InlineData("Cache-Control: max-age=12, min-fresh=38", true)]
    [InlineData("Cache-Control: max-age=12, min-fresh=39", false)]
    [InlineData("Cache-Control: max-stale=500", true)]
    [InlineData("Cache-Control: max-age=2147483649", true)]
    [InlineData("Pragma: x", true)]
    [InlineData("Pragma: no-cache", false)]
    [InlineData("Pragma: no-cache\r\nCache-Control: max-age=300", true)]
    [InlineData("Cache-Control: no-cache", false)]
    [InlineData("If-None-Match: \"x\"", true)]
    public void StoredResponse_AnswersWhoeverItIsNewEnoughFor(string fields, bool isThere)
    {
        var trial = new CacheTrial();
        trial.Store("a /", Stored);
        trial.PassTime(2000);
        Assert.Equal(isThere, trial.Has("a /", fields));

        // Whoever asks for something newer takes nothing from the others.
        Assert.True(trial.Has("a /", "X: y"));
    }
}
