using NativeProxy.Clients;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>Exchanges whose server connection a login binds to the client.</summary>
public sealed class AuthenticatedExchangeTests
{
    [Fact]
    public void RequestAuthenticates_AndItsServerConnectionServesTheNextOne()
    {
        using ExchangeTrial trial = Authenticate("HTTP/1.1 401 No\r\nContent-Length: 0\r\n");
        Assert.Equal(["open a", "pin", "start GET / end", "respond 401 (0 bytes) end", "end None", "over None"], trial.News());
        Assert.True(trial.Connection.Bond!.IsHeld);
        trial.Begin();
        trial.Respond("HTTP/1.1 204 None\r\n");
        Assert.Equal(["take pinned", "start GET / end", "respond 204 (none) end", "end None", "over None"], trial.News());
    }

    [Fact]
    public void ResponseAuthenticates_BeforeItsHeadIsPassed()
    {
        using var trial = new ExchangeTrial();
        trial.Connect();
        trial.Begin();
        trial.Server.PinWillEnd = true;
        trial.Respond("HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n");
        Assert.Equal(["pin", "respond 401 (0 bytes) end, bond ends"], trial.News()[2..4]);
    }

    [Fact]
    public void LoginThatIsLost_EndsTheConnection()
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Server.LoginLasts = false;
        trial.Respond("HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n");
        Assert.Equal(["end None", "over PinnedServerClosed"], trial.News()[^2..]);
    }

    /// <summary>The client may ask again, as it would without a proxy.</summary>
    [Fact]
    public void PinnedServerThatIsGone_IsAnEndWithoutAnAnswer()
    {
        using ExchangeTrial trial = Authenticate("HTTP/1.1 204 None\r\n");
        trial.News();
        trial.Run(((PinnedServer)trial.Connection.Bond!).OnPinEnded);
        Assert.Equal(["bond ended"], trial.News());
        trial.Begin();
        Assert.Equal(["cut PinnedServerClosed"], trial.News());
    }

    [Fact]
    public void PinnedServerThatFailsUnderARequest_IsAnEndWithoutAnAnswer()
    {
        using ExchangeTrial trial = Authenticate("HTTP/1.1 204 None\r\n");
        trial.Begin();
        trial.News();
        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        Assert.Equal(["release ServerFin reset", "cut PinnedServerClosed"], trial.News());
    }

    /// <summary>A request with credentials of the connection has this answer.</summary>
    private static ExchangeTrial Authenticate(string answer)
    {
        var trial = new ExchangeTrial();
        trial.Connect();
        trial.Begin("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM x\r\n\r\n");
        trial.Respond(answer);
        return trial;
    }
}
