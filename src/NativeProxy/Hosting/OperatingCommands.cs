using System.Collections.Generic;
using System.CommandLine;
using NativeProxy.Hosting.Operating;

namespace NativeProxy.Hosting;

/// <summary>The commands that look at a proxy that runs, and steer its sessions and its end. Stateless.</summary>
internal static class OperatingCommands
{
    /// <summary>Each of them.</summary>
    public static IEnumerable<Command> All()
    {
        yield return Top();
        yield return Sessions();
        yield return Session();
        yield return Drain();
        yield return Save();
    }

    private static Command Top()
    {
        Option<string> config = CommandLine.ConfigOption();
        var once = new Option<bool>("--once") { Description = "One look over one interval, and no more; so it is without a terminal." };
        var interval = new Option<string>("--interval") { Description = "From one look to the next.", DefaultValueFactory = _ => "1s" };
        var sort = new Option<string>("--sort") { Description = "By name, requests, latency, queue or errors.", DefaultValueFactory = _ => "name" };
        var command = new Command("top", "Watch a running proxy: rates, latency and connections of each server. Keys: q quits, s sorts.")
        {
            config, once, interval, sort,
        };
        command.SetAction(result => OperatorText.Run(() => TopCommand.Run(
            result.GetValue(config)!, result.GetValue(once), result.GetValue(interval)!, result.GetValue(sort)!)));
        return command;
    }

    private static Command Sessions()
    {
        Option<string> config = CommandLine.ConfigOption();
        var client = new Option<string>("--client") { Description = "Only of this address or network.", HelpName = "IP" };
        var listener = new Option<string>("--listener") { Description = "Only of this listener." };
        var server = new Option<string>("--server") { Description = "Only those at this server, or upstream.", HelpName = "UPSTREAM/SERVER" };
        var state = new Option<string>("--state") { Description = "Only those that do this, such as waiting_for_answer." };
        var order = new Option<string>("--order") { Description = "newest, oldest, or longest in what they do.",
            DefaultValueFactory = _ => "newest" };
        var count = new Option<string>("--count") { Description = "So many at most, 1 to 1000.", DefaultValueFactory = _ => "100" };
        var query = new Option<bool>("--query") { Description = "Show targets with their queries, which may hold secrets." };
        var command = new Command("sessions", "List the client connections of a running proxy: what each does and waits for.")
        {
            config, client, listener, server, state, order, count, query,
        };
        command.SetAction(result => OperatorText.Run(() => SessionCommands.List(result.GetValue(config)!,
        [
            ("client", result.GetValue(client)), ("listener", result.GetValue(listener)), ("server", result.GetValue(server)),
            ("state", result.GetValue(state)), ("order", result.GetValue(order)), ("count", result.GetValue(count)),
            ("query", result.GetValue(query) ? "shown" : null),
        ])));
        return command;
    }

    private static Command Session()
    {
        Option<string> config = CommandLine.ConfigOption();
        config.Recursive = true;
        var id = new Argument<long>("ID") { Description = "As `sessions` shows it." };
        var end = new Command("end", "End it, with what runs on it.") { id };
        end.SetAction(result => OperatorText.Run(() => SessionCommands.End(result.GetValue(config)!, result.GetValue(id))));
        return new Command("session", "Steer a client connection of a running proxy; needs admin.write_token_file.") { config, end };
    }

    private static Command Save()
    {
        Option<string> config = CommandLine.ConfigOption();
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be written, and write nothing." };
        var command = new Command("save", "Write into the file what operators have set of servers, states and weights; comments stay.")
        {
            config, dryRun,
        };
        command.SetAction(result => OperatorText.Run(() => SaveCommand.Run(result.GetValue(config)!, result.GetValue(dryRun))));
        return command;
    }

    private static Command Drain()
    {
        Option<string> config = CommandLine.ConfigOption();
        var wait = new Option<bool>("--wait") { Description = "Until the process has ended." };
        var timeout = new Option<string>("--timeout") { Description = "With --wait: how long.", DefaultValueFactory = _ => "60s" };
        var command = new Command("drain", "Have a running proxy finish its exchanges and stop, as SIGTERM does; needs admin.write_token_file.")
        {
            config, wait, timeout,
        };
        command.SetAction(result => OperatorText.Run(
            () => DrainCommand.Run(result.GetValue(config)!, result.GetValue(wait), result.GetValue(timeout)!)));
        return command;
    }
}
