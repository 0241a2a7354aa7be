using System;
using System.Collections.Immutable;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing.Matching;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Routing;

/// <summary>Routes from the text of a settings file, and requests that look for theirs.</summary>
internal sealed class RouteTrial
{
    private readonly RouteIndex _index;
    private readonly PathJudge _judge;
    private readonly MatchRoom _room = new(bytesMax: 64 * 1024);

    /// <param name="routes">The lines of `[[route]]` tables; each leads to the upstream of the smallest file.</param>
    /// <param name="normalization">How paths are read.</param>
    /// <param name="ambiguous">What becomes of those with several readings.</param>
    public RouteTrial(
        string routes, PathNormalization normalization = PathNormalization.On, AmbiguousPathPolicy ambiguous = AmbiguousPathPolicy.Check)
    {
        ImmutableArray<RouteSettings> settings = SettingsTrial.Parse(SettingsTrial.Minimal + "\n" + routes).Settings.Routes;
        _index = new RouteIndex([.. settings.Select(static route => new RouteConditions(route))]);
        _judge = new PathJudge(_index, normalization, ambiguous);
    }

    /// <summary>A trial with one route.</summary>
    public static RouteTrial Of(string conditions) => new($"[[route]]\nupstream = \"app\"\n{conditions}\n");

    /// <summary>Several routes, each a block of lines.</summary>
    public static RouteTrial Of(params string[] routes) =>
        new(string.Concat(routes.Select(static route => $"[[route]]\nupstream = \"app\"\n{route}\n")));

    /// <summary>Number of the route, -1 for none, or the code of the rule that refuses the path.</summary>
    public object Find(string target, string host = "example.test", string method = "GET", string client = "192.0.2.1", params string[] lines)
    {
        string text = $"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{Wire.Lines(lines)}";
        byte[] bytes = Wire.Bytes(text);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        RejectReason refusal = Find(bytes, head, PeerAddress.Of(IPAddress.Parse(client), 1), out int route);
        SentTarget = Wire.Text(head.SentTarget);
        return refusal == RejectReason.None ? route : RejectReasons.CodeOf(refusal);
    }

    /// <summary>Bytes that this thread allocates while the route is found so many times.</summary>
    public long AllocatedBy(string target, int rounds)
    {
        string text = $"GET {target} HTTP/1.1\r\nHost: a.b\r\n\r\n";
        byte[] bytes = Wire.Bytes(text);
        Wire.Request(text, out RequestHead head);
        Find(bytes, head, default, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < rounds; i++)
            Find(bytes, head, default, out _);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>The target that the last request goes on with; empty when it is the one that came.</summary>
    public string SentTarget { get; private set; } = "";

    private RejectReason Find(byte[] bytes, RequestHead head, PeerAddress client, out int route) =>
        _judge.Find(RequestView.Of(bytes, head, client, _room), out route);
}
