using System;
using System.Collections.Generic;
using System.Net;
using NativeProxy.LoadTest.Generator;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// A program that is measured: renders its configuration and says how it is started. One small subclass per program. Starts nothing itself.
/// </summary>
internal abstract class Contender(string name)
{
    public string Name { get; } = name;

    /// <summary>For the report; asked of the program itself.</summary>
    public abstract string Version { get; }

    /// <summary>Size of the program's file where it is the whole program; 0 = unknown.</summary>
    public virtual long ProgramBytes => 0;

    /// <summary>Warm-up that it needs at least, because it compiles its code while it runs.</summary>
    public virtual TimeSpan WarmUpMin => TimeSpan.Zero;

    /// <summary>Whether it takes part where clients speak TLS.</summary>
    protected virtual bool SpeaksTls => false;

    /// <summary>Whether a scenario is about this contender; some are about our own proxy, and HAProxy where it is the measure.</summary>
    public virtual bool TakesPart(Scenario scenario) =>
        scenario.Kind is not (ScenarioKind.Allocation or ScenarioKind.Persistence or ScenarioKind.Feature)
            && scenario.ServerPipelining == 1 && scenario.Use == ProxyUse.Plain && (SpeaksTls || !scenario.Plan.IsTls);

    /// <summary>What runs in a scenario: itself, or itself configured in several ways, the one that is the measure of the others first.</summary>
    public virtual IReadOnlyList<Contender> VariantsFor(Scenario scenario) => [this];

    /// <summary>With what it runs in a scenario of <see cref="ScenarioKind.Slots"/>.</summary>
    public virtual SlotWay Way => default;

    /// <summary>The load that is made on it; lacks its target.</summary>
    public virtual LoadPlan PlanOf(Scenario scenario) => scenario.Plan;

    /// <summary>Why this contender cannot run a scenario honestly, or null.</summary>
    public virtual string? Refusal(Scenario scenario) => null;

    /// <summary>Why the program does not accept its configuration, which lies in the folder of the setup; null = it does, or is not asked.</summary>
    public virtual string? ConfigurationRefusal(ContenderSetup setup) => null;

    /// <summary>The text of the configuration file; empty = none is needed.</summary>
    public abstract string Configuration(ContenderSetup setup);

    /// <summary>The program and its arguments, in the foreground. Standard output goes to a file of the setup's folder.</summary>
    public abstract IReadOnlyList<string> Command(ContenderSetup setup);
}

/// <summary>What a contender needs to know to be configured.</summary>
/// <param name="ConnectionsMax">Client connections that it shall allow; more than the scenario opens.</param>
/// <param name="Folder">For its files; exists, is its own.</param>
/// <param name="HasAccessLog">Whether one line per request is written to <see cref="AccessLogPath"/>.</param>
/// <param name="Admin">Where it shall show its counters; null = nowhere.</param>
/// <param name="ServerPipelining">Requests of one client that may be under way on one server connection, for those that can do it.</param>
/// <param name="Use">What else it shall do, for those that can do it.</param>
/// <param name="Servers">Of <see cref="ProxyUse.Slots"/>: the servers.</param>
/// <param name="IsTls">Whether it speaks TLS with clients: 1.3 with TLS_AES_128_GCM_SHA256 and X25519, and nothing else.</param>
internal sealed record ContenderSetup(
    IPEndPoint Listen, IPEndPoint Origin, int ConnectionsMax, string Folder, bool HasAccessLog, IPEndPoint? Admin = null, int ServerPipelining = 1,
    ProxyUse Use = ProxyUse.Plain, IReadOnlyList<IPEndPoint>? Servers = null, bool IsTls = false)
{
    public string ConfigurationPath => System.IO.Path.Combine(Folder, "config");

    public string AccessLogPath => System.IO.Path.Combine(Folder, "access.log");

    /// <summary>Certificate and key in one file; it is there exactly where TLS is spoken.</summary>
    public string CertificatePath => System.IO.Path.Combine(Folder, "certificate.pem");

    /// <summary>Standard output and error of the program.</summary>
    public string OutputPath => System.IO.Path.Combine(Folder, "output");
}
