using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Tests.Exchanges;

/// <summary>A group with a stickiness cookie, without a loop.</summary>
internal static class StickyTrial
{
    /// <summary>The cookie of that group.</summary>
    public static StickyCookie? Cookie(string lines) => Group(lines).Rules.Cookie;

    /// <summary>For a response of server a.</summary>
    /// <param name="lines">Of [upstream.cookie].</param>
    /// <param name="presented">The server that the client's cookie named, or null.</param>
    /// <param name="moreOfServerA">Lines of its table.</param>
    public static StickyResponse Response(string lines, string? presented, string moreOfServerA = "")
    {
        UpstreamGroup group = Group(lines, moreOfServerA);
        ServerCookie? presentedCookie = presented is null ? null : group.Servers[presented == "a" ? 0 : 1].Cookie;
        return new StickyResponse(group.Rules.Cookie, group.Servers[0].Cookie, presentedCookie);
    }

    /// <summary>Servers a and b in a group whose [upstream.cookie] has these lines besides its name, S.</summary>
    public static UpstreamGroup Group(string lines, string moreOfServerA = "", bool isServerADown = false)
    {
        string toml = SettingsTrial.WithUpstream("[upstream.cookie]\nname = \"S\"\n" + lines)
            + moreOfServerA + "\n[[upstream.server]]\nname = \"b\"\naddress = \"127.0.0.1:1\"\n";
        ProxySettings all = SettingsTrial.Parse(toml).Settings;
        UpstreamSettings settings = all.Upstreams[0];
        ServerBoard board = ServersOnBoard.NewBoard();
        board.Publish(all);
        var group = new UpstreamGroup(null!, settings.Name, logId: 0);
        group.Apply(settings, [.. settings.Servers.Select(one =>
        {
            var server = new UpstreamServer(null!, LastingCounters.Create(), one.Name, new IPEndPoint(IPAddress.Loopback, 1));
            ServerSlot? slot = board.Find(settings.Name, one.Name, one.Address);
            if (isServerADown && server.Name == settings.Servers[0].Name)
                slot!.IsUp = false;
            server.Apply(settings, one, one.MaxConnections, slot);
            return server;
        })]);
        return group;
    }
}
