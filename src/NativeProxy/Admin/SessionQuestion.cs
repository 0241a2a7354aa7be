using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Config.Toml;
using NativeProxy.Foundation;

namespace NativeProxy.Admin;

/// <summary>Which of many sessions come first.</summary>
internal enum SessionOrder
{
    Newest,
    Oldest,

    /// <summary>Those that have been longest in what they do.</summary>
    Longest,
}

/// <summary>Which sessions an operator wants to see, as the query of a request says it. Immutable; pure.</summary>
/// <param name="Line">The query as it came, which is how workers get it.</param>
/// <param name="CountMax">So many at most.</param>
/// <param name="Order">Which of them.</param>
internal sealed record SessionQuestion(string Line, int CountMax, SessionOrder Order)
{
    /// <summary>Most that are shown, of each worker and of all together.</summary>
    public const int CountLimit = 1000;

    private const int CountUsual = 100;

    /// <summary>The one with this number; 0 = all.</summary>
    public long Id { get; private init; }

    /// <summary>Of which clients; empty = of all.</summary>
    public AddressNetwork[] Clients { get; private init; } = [];

    /// <summary>Of which listener; empty = of all.</summary>
    public string Listener { get; private init; } = "";

    /// <summary>UPSTREAM/SERVER, or an upstream; empty = of all.</summary>
    public string Server { get; private init; } = "";

    /// <summary>What they do; null = whatever.</summary>
    public SessionState? State { get; private init; }

    /// <summary>Targets are shown with their queries, which may hold what only client and server should know.</summary>
    public bool ShowsQuery { get; private init; }

    /// <summary>Reads a query. Null, with the problem for people, when it is none of these.</summary>
    public static SessionQuestion? TryParse(string query, out string problem)
    {
        var question = new SessionQuestion(query, CountUsual, SessionOrder.Newest);
        var seen = new HashSet<string>();
        foreach (string part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int sign = part.IndexOf('=', StringComparison.Ordinal);
            string name = sign < 0 ? part : part[..sign];
            string value = sign < 0 ? "" : Uri.UnescapeDataString(part[(sign + 1)..]);
            bool isFirst = seen.Add(name);
            if (!isFirst || question.With(name, value) is not { } next)
            {
                problem = $"{ErrorExcerpt.Quoted(part)} is not understood: expected " + (isFirst && name == "state"
                    ? $"state= with one of {SessionStates.Words}"
                    : "id=NUMBER, client=ADDRESS or NETWORK, listener=NAME, server=UPSTREAM/SERVER, state=WORD, order=newest, oldest or longest, "
                        + $"count=1 to {CountLimit}, query=shown, each once at most");
                return null;
            }
            question = next;
        }
        problem = "";
        return question;
    }

    private SessionQuestion? With(string name, string value) => name switch
    {
        "id" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > 0 => this with { Id = id },
        "client" when NetworkText.TryParse(value, out System.Net.IPNetwork network) => this with { Clients = [new AddressNetwork(network)] },
        "listener" when IsName(value) => this with { Listener = value },
        "server" when IsName(value) => this with { Server = value },
        "state" when SessionStates.Named(value) is { } state => this with { State = state },
        "order" when OrderOf(value) is { } order => this with { Order = order },
        "count" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= CountLimit =>
            this with { CountMax = count },
        "query" when value == "shown" => this with { ShowsQuery = true },
        _ => null,
    };

    private static bool IsName(string value) => value.Length is > 0 and <= 200 && value.All(static sign => sign is > ' ' and < '\x7f');

    /// <summary>The order that is called so; null when none is.</summary>
    public static SessionOrder? OrderOf(string value) => value switch
    {
        "newest" => SessionOrder.Newest,
        "oldest" => SessionOrder.Oldest,
        "longest" => SessionOrder.Longest,
        _ => null,
    };
}
