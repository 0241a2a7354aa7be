using System.CommandLine;
using NativeProxy.Hosting.Operating;
using NativeProxy.Hosting.Replaying;

namespace NativeProxy.Hosting;

/// <summary>The commands of the flight recorder and their options.</summary>
internal static class RecorderCommands
{
    public static Command Errors(Option<string> config)
    {
        var side = new Option<string>("--side") { Description = "Only of: client, server.", DefaultValueFactory = _ => "" };
        var last = new Option<int>("--last") { Description = "How many, the latest.", DefaultValueFactory = _ => int.MaxValue };
        var save = new Option<string>("--save") { Description = "Also save them, for replay.", HelpName = "FILE", DefaultValueFactory = _ => "" };
        var command = new Command("errors", "Show the last messages that a running proxy has refused: bytes, place, rule, what to do.")
        {
            config, side, last, save,
        };
        command.SetAction(result => OperatorText.Run(() => ErrorsCommand.Run(
            result.GetValue(config)!, result.GetValue(side)!, result.GetValue(last), result.GetValue(save)!)));
        return command;
    }

    public static Command Record(Option<string> config)
    {
        var file = new Argument<string>("FILE") { Description = "Where it goes; only you may read it." };
        Option<string> client = Text("--client", "Connections of clients of this network.", "NETWORK", "");
        Option<string> listener = Text("--listener", "Connections of this listener.", "NAME", "");
        Option<string> route = Text("--route", "Connections of clients that take this route, or with a request that does.", "NAME", "");
        Option<string> upstream = Text("--upstream", "Connections to this upstream, or one server of it.", "UPSTREAM[/SERVER]", "");
        var connections = new Option<int>("--connections") { Description = "How many.", DefaultValueFactory = _ => 5 };
        Option<string> bytes = Text("--bytes", "How much at most, of all together.", "SIZE", "1MiB");
        Option<string> time = Text("--time", "How long at most.", "TIME", "60s");
        var bodies = new Option<bool>("--bodies") { Description = "Bodies, too; else their lengths." };
        var command = new Command("record", "Record connections of a running proxy into a file; needs admin.write_token_file.")
        {
            config, file, client, listener, route, upstream, connections, bytes, time, bodies,
        };
        command.SetAction(result => OperatorText.Run(() => RecordCommand.Run(
            result.GetValue(config)!,
            new RecordWish(
                result.GetValue(client)!, result.GetValue(listener)!, result.GetValue(route)!, result.GetValue(upstream)!,
                result.GetValue(connections), result.GetValue(bytes)!, result.GetValue(time)!, result.GetValue(bodies)),
            result.GetValue(file)!)));
        return command;
    }

    public static Command Replay()
    {
        var file = new Argument<string>("FILE") { Description = "Of record, or of errors --save." };
        Option<string> config = Text("--config", "The configuration by which the proxy serves; without it one that fits the record.", "FILE", "");
        config.Aliases.Add("-c");
        var command = new Command("replay", "Run recorded connections through the proxy again, and saved messages through its parsers.")
        {
            file, config,
        };
        command.SetAction(result => ReplayCommand.Run(result.GetValue(file)!, result.GetValue(config)!));
        return command;
    }

    private static Option<string> Text(string name, string description, string helpName, string value) =>
        new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => value };
}
