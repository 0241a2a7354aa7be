using System.IO;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Explaining;

/// <summary>What a user wants to know of a configuration that is sound.</summary>
/// <param name="Explain">How its times and limits fit together.</param>
/// <param name="Route">The way of a request; null = of none.</param>
internal sealed record CheckQuestions(bool Explain, RouteQuestionText? Route)
{
    /// <summary>Prints the answers. Returns what is wrong with the question; null when nothing is.</summary>
    /// <param name="output">Takes them.</param>
    /// <param name="settings">Valid settings.</param>
    /// <param name="workers">How many there will be.</param>
    public string? Answer(TextWriter output, in ProxySettings settings, int workers)
    {
        if (Explain)
            Explanation.Write(output, settings, workers);
        if (Route is null)
            return null;
        if (ConnectionQuestion.IsMeant(Route))
        {
            return ConnectionQuestion.TryRead(Route, out string wrong) is not { } connection ? wrong
                : new ConnectionAnswer(output, settings, connection).TryWrite() ? null
                : Route.Listener.Length > 0 ? $"--listener: there is no listener \"{Route.Listener}\" in mode \"tcp\""
                : $"--url: no listener in mode \"tcp\" has port {connection.Port}";
        }
        if (RouteQuestion.TryRead(Route, out string problem) is not { } question)
            return problem;
        return new RouteAnswer(output, settings, question).TryWrite() ? null : Route.Listener.Length > 0
            ? $"--listener: there is no listener \"{Route.Listener}\""
            : $"--url: no listener in mode \"http\" {(question.IsHttps ? "speaks TLS" : "speaks plain HTTP")}";
    }
}
