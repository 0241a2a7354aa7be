using System;
using System.CommandLine;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Hosting.Operating;
using NativeProxy.Hosting.Probing;
using NativeProxy.Hosting.Workers;

namespace NativeProxy.Hosting;

/// <summary>The commands and options of the binary, and which piece of Hosting each one runs.</summary>
internal static class CommandLine
{
    private const string Description = """
        A reverse proxy and load balancer for HTTP/1.x that keeps connections alive on both sides.

        Exit codes: 0 ended as asked, all exchanges finished; 1 failure while running or wrong command line;
        2 the configuration cannot be used, nothing was started; 3 stopped before all exchanges were finished.

        Signals: SIGTERM or SIGINT finishes running exchanges and exits; a second one exits at once;
        SIGHUP reads the configuration again, keeping all connections; SIGUSR1 opens the access log anew after its rotation;
        SIGUSR2 starts the program anew, which takes over addresses and idle connections.
        """;

    /// <summary>Parses the arguments and runs. Returns the exit code.</summary>
    /// <param name="args">Of the process.</param>
    /// <param name="security">What secures the connections that are served.</param>
    public static int Run(string[] args, TrafficSecurity security)
    {
        var root = new RootCommand(Description)
        {
            RunCommand(security),
            CheckCommand(),
            ProbeSubcommand(),
            StatusSubcommand(),
            ServerSubcommand(),
            ReloadSubcommand(),
            UpgradeSubcommand(),
            RecorderCommands.Errors(ConfigOption()),
            RecorderCommands.Record(ConfigOption()),
            RecorderCommands.Replay(),
            LogSubcommand(),
            DemoCommand(),
            ConfigCommand(),
            VersionCommand(),
            WorkerCommand(security),
        };
        foreach (Command command in OperatingCommands.All())
            root.Add(command);
        return root.Parse(args).Invoke();
    }

    /// <summary>The option that nearly every command has.</summary>
    internal static Option<string> ConfigOption() => new("--config", "-c")
    {
        Description = "The configuration file (TOML).",
        HelpName = "FILE",
        Required = true,
    };

    private static Command RunCommand(TrafficSecurity security)
    {
        Option<string> config = ConfigOption();
        var single = new Option<bool>("--single-process") { Description = "Supervisor and one worker in one process, for debugging and tracing." };
        var command = new Command("run", "Start the proxy.") { config, single };
        command.SetAction(result => ProxyHost.Run(result.GetValue(config)!, result.GetValue(single), security));
        return command;
    }

    private static Command CheckCommand()
    {
        Option<string> config = ConfigOption();
        var full = new Option<bool>("--full") { Description = "Also try what `run` would need of this machine: addresses, log files, pid file, "
            + "names. Serves nobody and changes nothing." };
        var explain = new Option<bool>("--explain") { Description = "Also draw the times of both sides against each other, name those in the wrong "
            + "order, and say what becomes of a GET and a POST when a server closes." };
        var url = new Option<string>("--url") { Description = "Also say which route takes a request for this URL, and why none before it does.",
            HelpName = "URL" };
        var method = new Option<string>("--method") { Description = "With --url: its method.", DefaultValueFactory = _ => "GET" };
        var header = new Option<string[]>("--header", "-H") { Description = "With --url: a header line, \"Name: value\". May be repeated.",
            HelpName = "LINE", DefaultValueFactory = _ => [] };
        var client = new Option<string>("--client") { Description = "With --url: the address of the client.", HelpName = "IP",
            DefaultValueFactory = _ => "127.0.0.1" };
        var listener = new Option<string>("--listener") { Description = "With --url: name of the listener. Without it, by port and scheme.",
            DefaultValueFactory = _ => "" };
        var command = new Command("check", "Check a configuration file; all errors are shown at once. Opens no socket, unless --full is given.")
        {
            config, full, explain, url, method, header, client, listener,
        };
        command.SetAction(result => ProxyHost.Check(result.GetValue(config)!, result.GetValue(full), new CheckQuestions(
            result.GetValue(explain),
            result.GetValue(url) is { } text
                ? new RouteQuestionText(
                    text, result.GetValue(method)!, result.GetValue(header)!, result.GetValue(client)!, result.GetValue(listener)!)
                : null)));
        return command;
    }

    private static Command ProbeSubcommand()
    {
        var url = new Argument<string>("URL") { Description = "http://HOST:PORT/PATH or https://...; of something small." };
        var idle = new Option<string>("--idle") { Description = "How long idle connections are watched.", DefaultValueFactory = _ => "80s" };
        var timeout = new Option<string>("--timeout") { Description = "How long one answer may take.", DefaultValueFactory = _ => "10s" };
        var requests = new Option<int>("--requests") { Description = "Requests that are tried on one connection.", DefaultValueFactory = _ => 200 };
        var authority = new Option<string>("--ca") { Description = "PEM file with who has signed its certificate.", DefaultValueFactory = _ => "" };
        var insecure = new Option<bool>("--insecure") { Description = "Ask whoever answers, whatever its certificate." };
        var command = new Command("probe", "Ask a server how it keeps connections, and print the [[upstream]] that fits it.")
        {
            url, idle, timeout, requests, authority, insecure,
        };
        command.SetAction(result => ProbeCommand.Run(result.GetValue(url)!, result.GetValue(idle)!, result.GetValue(timeout)!,
            result.GetValue(requests), result.GetValue(insecure), result.GetValue(authority)!));
        return command;
    }

    private static Command StatusSubcommand()
    {
        Option<string> config = ConfigOption();
        var command = new Command("status", "Show how a running proxy is, and its servers in a table.") { config };
        command.SetAction(result => OperatorText.Run(() => StatusCommand.Run(result.GetValue(config)!)));
        return command;
    }

    private static Command ServerSubcommand()
    {
        Option<string> config = ConfigOption();
        config.Recursive = true;
        Argument<string> server = ServerArgument();
        var percent = new Argument<int>("PERCENT") { Description = "1 to 100." };
        var weight = new Command("weight", "Only a part of its weight counts.") { server, percent };
        weight.SetAction(result => OperatorText.Run(
            () => ServerCommand.SetWeight(result.GetValue(config)!, result.GetValue(server)!, result.GetValue(percent))));
        var connections = new Argument<string>("CONNECTIONS") { Description = "A number, 0 for no limit, or file." };
        var limit = new Command("limit", "So many connections at most.") { server, connections };
        limit.SetAction(result => OperatorText.Run(
            () => ServerCommand.SetLimit(result.GetValue(config)!, result.GetValue(server)!, result.GetValue(connections)!)));
        return new Command("server", "Change a server of a running proxy; needs admin.write_token_file.")
        {
            config,
            StateCommand(config, "drain", "No new clients; those whose cookie names it still come."),
            StateCommand(config, "maintenance", "Nobody comes, as if it were down."),
            StateCommand(config, "ready", "Its health decides again."),
            weight,
            limit,
        };
    }

    private static Command StateCommand(Option<string> config, string state, string description)
    {
        Argument<string> server = ServerArgument();
        var command = new Command(state, description) { server };
        command.SetAction(result => OperatorText.Run(
            () => ServerCommand.SetState(result.GetValue(config)!, result.GetValue(server)!, state)));
        return command;
    }

    private static Argument<string> ServerArgument() => new("UPSTREAM/SERVER") { Description = "Their names, such as app/a." };

    private static Command ReloadSubcommand()
    {
        Option<string> config = ConfigOption();
        var wait = new Option<bool>("--wait") { Description = "Until it has ended: exit code 0 in force, 2 refused." };
        var timeout = new Option<string>("--timeout") { Description = "With --wait: how long.", DefaultValueFactory = _ => "30s" };
        var command = new Command("reload", "Have a running proxy read its configuration again; needs admin.write_token_file.")
        {
            config, wait, timeout,
        };
        command.SetAction(result => OperatorText.Run(
            () => ReloadCommand.Run(result.GetValue(config)!, result.GetValue(wait), result.GetValue(timeout)!)));
        return command;
    }

    private static Command LogSubcommand()
    {
        var line = new Argument<string>("LINE") { Description = "A line of a log, in quotes; - takes lines from standard input." };
        var explain = new Command("explain", "Say in words what a line means: each field, whose doing it was, what to look at.") { line };
        explain.SetAction(result => LogCommand.Explain(result.GetValue(line)!));
        Option<string> config = ConfigOption();
        var word = new Argument<string?>("WORD") { Description = "info, warn or error; needs admin.write_token_file. None: it is only shown.",
            Arity = ArgumentArity.ZeroOrOne };
        var level = new Command("level", "Show or set from which level on a running proxy writes lines of its own.") { config, word };
        level.SetAction(result => OperatorText.Run(() => LogLevelCommand.Run(result.GetValue(config)!, result.GetValue(word))));
        return new Command("log", "About log lines.") { explain, level };
    }

    private static Command DemoCommand()
    {
        var port = new Option<int>("--port") { Description = "Port of the proxy on 127.0.0.1; two origins and the admin endpoint use the next three.",
            DefaultValueFactory = _ => 8080 };
        var tls = new Option<bool>("--tls") { Description = "The proxy speaks TLS, with a certificate for localhost that it makes itself." };
        var command = new Command("demo", "Start two built-in origin servers and the proxy in front of them, and print what to try.") { port, tls };
        command.SetAction(result => Demo.Run(result.GetValue(port), result.GetValue(tls)));
        return command;
    }

    private static Command ConfigCommand()
    {
        var reference = new Command("reference", "Print all configuration keys with their defaults and meaning, as a TOML file.");
        reference.SetAction(_ => Console.Out.WriteLine(SettingsReference.Toml));
        var schema = new Command("schema", "Print the JSON Schema of the configuration, for editors that check and complete TOML files.");
        schema.SetAction(_ => Console.Out.WriteLine(SettingsReference.JsonSchema));
        return new Command("config", "About the configuration file.") { reference, schema };
    }

    private static Command VersionCommand()
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(_ => Console.Out.WriteLine("nativeproxy " + ProductVersion.Text));
        return command;
    }

    /// <summary>What the supervisor starts; not for people.</summary>
    private static Command UpgradeSubcommand()
    {
        Option<string> config = ConfigOption();
        var timeout = new Option<string>("--timeout") { Description = "How long it is waited for.", DefaultValueFactory = _ => "90s" };
        var command = new Command("upgrade", "Have the program started anew, as it stands on the disk now, and take over from a running proxy; needs "
            + "admin.write_token_file.") { config, timeout };
        command.SetAction(result => OperatorText.Run(() => UpgradeCommand.Run(result.GetValue(config)!, result.GetValue(timeout)!)));
        return command;
    }

    private static Command WorkerCommand(TrafficSecurity security)
    {
        var index = new Option<int>("--index") { Required = true };
        var count = new Option<int>("--count") { Required = true };
        var row = new Option<int>("--row") { Required = true };
        var control = new Option<int>("--control") { Required = true };
        var sockets = new Option<int>("--sockets") { Required = true };
        var boards = new Option<string>("--boards") { Required = true };
        var command = new Command("worker", "One worker process; started by the supervisor.") { index, count, row, control, sockets, boards };
        command.Hidden = true;
        command.SetAction(result => WorkerProcess.Run(new WorkerArguments(
            result.GetValue(index), result.GetValue(count), result.GetValue(row), result.GetValue(control), result.GetValue(sockets),
            result.GetValue(boards)!), security));
        return command;
    }
}
