using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Routing;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// What `check --url` prints: which route takes a request, which condition of each route before it does not hold, and where it leads. Asks what
/// decides it for each request (<see cref="PathJudge"/>, <see cref="RouteConditions"/>). Lives for one explanation.
/// </summary>
/// <param name="output">Takes the lines.</param>
/// <param name="settings">Valid settings.</param>
/// <param name="question">The request.</param>
internal sealed class RouteAnswer(TextWriter output, ProxySettings settings, RouteQuestion question)
{
    private const int FieldsMax = 1000;

    private readonly RequestHead _head = new(FieldsMax);

    /// <summary>Prints the way through each listener that the request may come to. False when there is none.</summary>
    public bool TryWrite()
    {
        List<int> listeners = question.ListenersOf(settings);
        foreach (int number in listeners)
            Write(settings.Listeners.ItemRef(number));
        return listeners.Count > 0;
    }

    private void Write(in ListenerSettings listener)
    {
        output.WriteLine($"{question} on listener \"{listener.Name}\"");
        if (listener.Mode != ListenerMode.Http)
        {
            Say(listener.Mode == ListenerMode.Tcp
                ? "it is in mode \"tcp\": its routes look at connections, not at requests: ask for tcp://NAME:PORT"
                : "it is in mode \"forward\": no [[route]] looks at requests there");
            return;
        }
        if (question.ReadFor(listener, _head) is { } refused)
        {
            Say(refused);
            return;
        }
        List<int> routes = RoutesOf(settings, listener.Name);
        var room = new MatchRoom(question.Head.Length);
        RouteConditions[] conditions = [.. routes.Select(number => new RouteConditions(settings.Routes.ItemRef(number)))];
        PathNormalization normalization = PathJudge.NormalizationOf(listener.PathNormalization, conditions);
        RequestView view = RequestView.Of(question.Head, _head, ClientOf(_head), room);
        if (IsProbe(listener.Monitor, view))
        {
            Say("answered by the proxy itself, before any route ([listener.monitor])");
            return;
        }
        RejectReason reason = new PathJudge(new RouteIndex(conditions), normalization, listener.AmbiguousPath).Find(view, out int taker);
        if (reason != RejectReason.None)
        {
            Say(RouteQuestion.Refused(reason));
            return;
        }
        if (!_head.SentTarget.IsEmpty)
            Say($"the path in its normal form: {Encoding.UTF8.GetString(_head.SentTarget)}");
        ReadOnlySpan<byte> path = Matched(view.Target[..view.PathBytes], normalization);
        for (int i = 0; i < routes.Count && i != taker; i++)
            Say($"{NameOf(routes[i])} does not: {WhyNot(settings.Routes.ItemRef(routes[i]), view, path)}");
        if (taker >= 0)
        {
            Say($"{NameOf(routes[taker])} takes it{Behind(routes.Count - taker - 1)}");
            RouteSettings route = settings.Routes.ItemRef(routes[taker]);
            Say(ActionOf(route, listener) + Unless(listener, new NamedRoute(route.NameAt(routes[taker]), route)));
        }
        else
        {
            Say(routes.Count == 0 ? "there is no route" : "no route takes it");
            Say(ToUpstream(listener.Upstream, listener) + Unless(listener, default));
        }
        output.WriteLine();
    }

    /// <summary>Numbers of the routes that look at the requests of a listener.</summary>
    public static List<int> RoutesOf(in ProxySettings settings, string listener)
    {
        List<int> routes = [];
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            foreach (ListenerSettings one in settings.ListenersOf(settings.Routes.ItemRef(i)))
            {
                if (one.Name == listener)
                    routes.Add(i);
            }
        }
        return routes;
    }

    private string NameOf(int route) => $"route \"{settings.Routes.ItemRef(route).NameAt(route)}\"";

    private void Say(string line) => output.WriteLine("  " + line);

    private PeerAddress ClientOf(RequestHead head) => head.Verdict is { } verdict ? verdict.Client : question.Client;

    /// <summary>As <see cref="NodeMonitor"/> knows it.</summary>
    private static bool IsProbe(in ListenerMonitorSettings monitor, in RequestView view) =>
        AddressNetwork.AnyContains(NetworkText.NetworksOf(monitor.Networks), view.Client)
        || (monitor.Path.Length > 0 && view.Target[..view.PathBytes].SequenceEqual(Encoding.ASCII.GetBytes(monitor.Path)));

    /// <summary>The path that routes are compared with, which is not always the one that is sent (<see cref="PathJudge"/>).</summary>
    private static ReadOnlySpan<byte> Matched(ReadOnlySpan<byte> path, PathNormalization normalization)
    {
        if (normalization == PathNormalization.Off)
            return path.IsEmpty ? "/"u8 : path;
        byte[] room = new byte[path.Length + 1];
        return PathText.TryNormalize(path, room, out int bytes) ? room.AsSpan(0, bytes) : path;
    }

    private static string Behind(int count) => count switch
    {
        0 => "",
        1 => "; the one behind it is not looked at",
        _ => $"; the {count} behind it are not looked at",
    };

    /// <summary>The first of its conditions that does not hold, in the words of the file.</summary>
    private static string WhyNot(in RouteSettings route, in RequestView view, ReadOnlySpan<byte> path)
    {
        foreach (Condition one in Parts(route))
        {
            if (!one.Test.Hold(view, path))
                return one.Text;
        }
        Check.That(false, "a route whose conditions hold takes the request");
        return "";
    }

    /// <summary>Each condition by itself.</summary>
    private static List<Condition> Parts(in RouteSettings route)
    {
        RouteSettings bare = route with
        {
            Hosts = [], Methods = [], Sources = [], Scheme = RouteScheme.Any, Paths = [], PathPrefixes = [], PathRegexes = [], Headers = [],
            Queries = [], Cookies = [],
        };
        List<Condition> parts =
        [
            new(List("host", route.Hosts), bare with { Hosts = route.Hosts }),
            new(List("method", route.Methods), bare with { Methods = route.Methods }),
            new($"scheme = \"{(route.Scheme == RouteScheme.Https ? "https" : "http")}\"", bare with { Scheme = route.Scheme }),
            new(List("source", route.Sources), bare with { Sources = route.Sources }),
            new(List("path", route.Paths), bare with { Paths = route.Paths }),
            new(List("path_prefix", route.PathPrefixes), bare with { PathPrefixes = route.PathPrefixes }),
            new(List("path_regex", route.PathRegexes), bare with { PathRegexes = route.PathRegexes }),
        ];
        foreach (MatchSettings header in route.Headers)
            parts.Add(new Condition($"header {header}", bare with { Headers = [header] }));
        foreach (MatchSettings query in route.Queries)
            parts.Add(new Condition($"query {query}", bare with { Queries = [query] }));
        foreach (MatchSettings cookie in route.Cookies)
            parts.Add(new Condition($"cookie_is {cookie}", bare with { Cookies = [cookie] }));
        return parts;
    }

    public static string List(string key, IEnumerable<string> texts) => $"{key} = [{string.Join(", ", texts.Select(static text => $"\"{text}\""))}]";

    private static string ActionOf(in RouteSettings route, in ListenerSettings listener) =>
        route.Deny < 0 ? "its connection is closed (deny)"
            : route.Deny > 0 ? $"it is answered with {route.Deny} (deny)"
            : route.Respond.Status > 0 ? $"it is answered with {route.Respond.Status} (respond)"
            : route.Redirect.Length > 0 ? $"it is answered with {route.RedirectStatus}, to {route.Redirect} (redirect)"
            : route.Split.IsEmpty ? ToUpstream(route.Upstream.Length > 0 ? route.Upstream : listener.Upstream, listener)
            : "it goes to one of " + Shares(route);

    private static string Shares(in RouteSettings route)
    {
        List<string> shares = [];
        foreach (ShareSettings share in route.Split)
            shares.Add($"\"{share.Name}\" ({share.Weight})");
        return string.Join(", ", shares);
    }

    /// <summary>What may refuse it before its action: what the listener, its policies, the route and those of the route say together.</summary>
    private string Unless(in ListenerSettings listener, in NamedRoute route)
    {
        var modifiers = new RouteModifiers(listener, settings.Policies, route, new SharedRules());
        List<string> before = [];
        if (modifiers.Access is not null)
            before.Add("access");
        if (modifiers.HasLogin)
            before.Add("basic_auth");
        if (modifiers.RateLimits.Count > 0)
            before.Add("rate_limit");
        return before.Count == 0 ? "" : ", unless refused before by " + string.Join(", ", before);
    }

    private static string ToUpstream(string name, in ListenerSettings listener) =>
        name.Length > 0 ? $"it goes to upstream \"{name}\""
        : listener.Unmatched == 0 ? "its connection is closed (unmatched)"
        : $"it is answered with {listener.Unmatched} (unmatched)";

    /// <summary>One of the conditions of a route.</summary>
    /// <param name="Text">As the file says it.</param>
    /// <param name="Test">It alone.</param>
    private sealed record Condition(string Text, RouteConditions Test)
    {
        public Condition(string text, in RouteSettings only)
            : this(text, new RouteConditions(only))
        {
        }
    }
}
