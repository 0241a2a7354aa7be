using System.Collections.Generic;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>Our dumb forwarder: what remains when nothing is understood.</summary>
internal sealed class Limit() : Contender(LimitName)
{
    public const string LimitName = "limit";

    public override string Version { get; } =
        "dumb forwarder: epoll, no parsing, no timers" + (OwnProgram.IsJitted ? " (JIT)" : " (AOT)");

    /// <summary>A relay of bytes is just what it is.</summary>
    public override bool TakesPart(Scenario scenario) => base.TakesPart(scenario) || scenario.Use == ProxyUse.Relay;

    public override string? Refusal(Scenario scenario)
    {
        if (scenario.Plan.IsConnectionPerRequest)
            return "it knows no requests, so it cannot keep server connections for the next client";
        if (scenario.HasAccessLog)
            return "it knows no requests, so it cannot log them";
        return scenario.Kind == ScenarioKind.Herd ? "it holds a server connection per client connection" : null;
    }

    public override string Configuration(ContenderSetup setup) => "";

    public override IReadOnlyList<string> Command(ContenderSetup setup) =>
        [.. OwnProgram.Command, "forward", "--listen", setup.Listen.ToString(), "--to", setup.Origin.ToString()];
}
