using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Routing;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// What `check --url tcp://NAME:PORT` prints: which route of a listener in mode "tcp" takes a connection, why those before it do not, and whether
/// its name is waited for. Asks what decides it for each connection (<see cref="TcpConditions"/>). Lives for one explanation.
/// </summary>
/// <param name="output">Takes the lines.</param>
/// <param name="settings">Valid settings.</param>
/// <param name="question">The connection.</param>
internal sealed class ConnectionAnswer(TextWriter output, ProxySettings settings, ConnectionQuestion question)
{
    /// <summary>Prints the way through each listener that it may come to. False when there is none.</summary>
    public bool TryWrite()
    {
        bool isWritten = false;
        foreach (ListenerSettings listener in settings.Listeners)
        {
            bool isIt = question.Listener.Length > 0
                ? listener.Name == question.Listener
                : listener.Bind.Any(bind => bind.EndsWith($":{question.Port}", StringComparison.Ordinal));
            if (listener.Mode != ListenerMode.Tcp || !isIt)
                continue;
            Write(listener);
            isWritten = true;
        }
        return isWritten;
    }

    private void Write(in ListenerSettings listener)
    {
        output.WriteLine($"{question} on listener \"{listener.Name}\"");
        List<int> routes = RouteAnswer.RoutesOf(settings, listener.Name);
        int first = routes.FindIndex(number => new TcpConditions(settings.Routes.ItemRef(number)).MayHold(question.Client, question.Port));
        if (first >= 0 && new TcpConditions(settings.Routes.ItemRef(routes[first])).LooksAtName)
        {
            Say($"its first bytes are waited for, {Units.FormatDuration(listener.Tcp.InspectTimeoutMs)} at most (tcp.inspect_timeout): "
                + $"route \"{settings.Routes.ItemRef(routes[first]).NameAt(routes[first])}\" looks at the name");
        }
        foreach (int number in routes)
        {
            RouteSettings route = settings.Routes.ItemRef(number);
            string? reason = WhyNot(route);
            Say($"route \"{route.NameAt(number)}\" {(reason is null ? "takes it" : $"does not: {reason}")}");
            if (reason is not null)
                continue;
            SayWhere(route.Upstream.Length > 0 ? route.Upstream : listener.Upstream);
            return;
        }
        Say(routes.Count == 0 ? "there is no route" : "no route takes it");
        SayWhere(listener.Upstream);
    }

    private void SayWhere(string upstream)
    {
        Say(upstream.Length > 0 ? $"it goes to upstream \"{upstream}\"" : "it is closed");
        output.WriteLine();
    }

    private void Say(string line) => output.WriteLine("  " + line);

    /// <summary>The first condition that does not hold, in the words of the file; null = all hold.</summary>
    private string? WhyNot(in RouteSettings route)
    {
        RouteSettings bare = route with { Sources = [], Ports = [], ServerNames = [] };
        return !Holds(bare with { Sources = route.Sources }) ? RouteAnswer.List("source", route.Sources)
            : !Holds(bare with { Ports = route.Ports }) ? RouteAnswer.List("port", route.Ports)
            : !Holds(bare with { ServerNames = route.ServerNames }) ? RouteAnswer.List("sni", route.ServerNames)
            : null;
    }

    private bool Holds(in RouteSettings route)
    {
        var conditions = new TcpConditions(route);
        return conditions.MayHold(question.Client, question.Port) && conditions.HoldsName(question.NameBytes);
    }
}
