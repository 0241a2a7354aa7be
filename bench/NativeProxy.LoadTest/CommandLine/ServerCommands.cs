using System;
using System.CommandLine;
using System.ComponentModel;
using System.Net;
using System.Threading;
using NativeProxy.LoadTest.Forwarder;
using NativeProxy.LoadTest.Origin;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary><c>origin</c> and <c>forward</c>: servers that run until they are stopped.</summary>
internal static class ServerCommands
{
    private const string OriginDescription = """
        Origin server. The path says what it answers, as pairs of a letter and a number in any order:
        /s/1048576 size in bytes, /d/5 delay in ms, /k/1000 chunked in such chunks, /e/503 status; /d/5/s/64 is 64 bytes after 5 ms.
        X-Load-Id of the request is echoed, a body is checked and counted in X-Load-Body, and /control answers the counters as JSON.
        """;

    public static Command Origin()
    {
        Option<IPEndPoint> listen = EndPoints.Option("--listen", "Where to listen.");
        var threads = new Option<int>("--threads") { Description = "Event loops.", DefaultValueFactory = _ => 1 };
        var command = new Command("origin", OriginDescription) { listen, threads };
        command.SetAction(result => Serve(() =>
        {
            new OriginServer(result.GetValue(listen)!, Math.Clamp(result.GetValue(threads), 1, 64)).Start();
            Console.Out.WriteLine($"origin on {result.GetValue(listen)}");
            Thread.Sleep(Timeout.Infinite);
        }));
        return command;
    }

    public static Command Forward()
    {
        Option<IPEndPoint> listen = EndPoints.Option("--listen", "Where to listen.");
        Option<IPEndPoint> to = EndPoints.Option("--to", "The server to forward to.");
        var command =
            new Command("forward", "Dumb forwarder (epoll, no parsing, no timers): the limit that a proxy is compared with.") { listen, to };
        command.SetAction(result => Serve(() =>
        {
            var server = new ForwardServer(result.GetValue(listen)!, result.GetValue(to)!);
            Console.Out.WriteLine($"forwarding {result.GetValue(listen)} to {result.GetValue(to)}");
            server.Run();
        }));
        return command;
    }

    private static int Serve(Action run)
    {
        try
        {
            run();
            return 0;
        }
        catch (Win32Exception failure)
        {
            Console.Error.WriteLine($"cannot listen: {failure.Message}");
            return 1;
        }
    }
}
