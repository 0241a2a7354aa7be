using System;
using System.CommandLine;
using System.Net;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary><c>herd</c>: opens idle keep-alive connections and says what each costs the server in resident memory.</summary>
internal static class HerdCommand
{
    public static Command Make()
    {
        Option<IPEndPoint> target = EndPoints.Option("--target", "The server or proxy.");
        var connections = new Option<int>("--connections", "-c") { DefaultValueFactory = _ => 8000 };
        var path = new Option<string>("--path") { Description = "Path of the one request of each connection.", DefaultValueFactory = _ => "/s/64" };
        var hold = new Option<double>("--seconds") { Description = "How long to hold them.", DefaultValueFactory = _ => 5 };
        var process = new Option<int>("--pid") { Description = "Process whose memory, with that of its children, is measured; 0 = none." };
        var foreign = new Option<bool>("--foreign") { Description = "The server is not our origin." };
        var tls = new Option<bool>("--tls") { Description = "Speak TLS 1.3; any certificate will do." };
        var command = new Command("herd", "Open idle keep-alive connections, one request each, and measure the server's memory per connection.")
        {
            target, connections, path, hold, process, foreign, tls,
        };
        command.SetAction(result => Run(
            new LoadPlan
            {
                Target = result.GetValue(target)!,
                Path = result.GetValue(path)!,
                Connections = result.GetValue(connections),
                IsHerd = true,
                IsForeign = result.GetValue(foreign),
                Tls = result.GetValue(tls) ? TlsUse.Full : TlsUse.Off,
            },
            result.GetValue(process),
            TimeSpan.FromSeconds(Math.Clamp(result.GetValue(hold), 0, 86_400))));
        return command;
    }

    private static int Run(LoadPlan plan, int processId, TimeSpan hold)
    {
        if ((plan.Refusal() ?? Descriptors.Refusal(plan.Connections)) is { } refusal)
        {
            Console.Error.WriteLine("refused: " + refusal);
            return 2;
        }
        long before = processId > 0 ? ProcessTree.ResidentBytes(processId) : 0;
        LoadRun run = LoadRun.Start(plan);
        bool isSettled = run.WaitUntilSettled(TimeSpan.FromSeconds(60));
        if (isSettled)
            Console.Out.WriteLine($"{plan.Connections} connections open, each has had one answer");
        run.Sleep(hold);
        if (isSettled && processId > 0)
        {
            long after = ProcessTree.ResidentBytes(processId);
            Console.Out.WriteLine($"resident {before / 1024} KiB before, {after / 1024} KiB now: {(after - before) / plan.Connections} bytes per "
                + "connection");
        }
        LoadResult result = run.Stop();
        foreach (string failure in result.Failures)
            Console.Error.WriteLine("failed: " + failure);
        if (!isSettled)
            Console.Error.WriteLine($"failed: only {result.Completed} of {plan.Connections} connections had their answer");
        if (result.HerdLost > 0)
            Console.Out.WriteLine($"{result.HerdLost} were closed by the server meanwhile");
        return isSettled && result.Failures.Count == 0 ? 0 : 1;
    }
}
