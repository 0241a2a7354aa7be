using System;
using System.Collections.Generic;
using System.Net;

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

    /// <summary>Whether it tells how much managed memory it has allocated, at <see cref="ContenderSetup.Admin"/>.</summary>
    public virtual bool TellsAllocation => false;

    /// <summary>Why this contender cannot run a scenario honestly, or null.</summary>
    public virtual string? Refusal(Scenario scenario) => null;

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
internal sealed record ContenderSetup(IPEndPoint Listen, IPEndPoint Origin, int ConnectionsMax, string Folder, bool HasAccessLog, IPEndPoint? Admin = null)
{
    public string ConfigurationPath => System.IO.Path.Combine(Folder, "config");

    public string AccessLogPath => System.IO.Path.Combine(Folder, "access.log");

    /// <summary>Standard output and error of the program.</summary>
    public string OutputPath => System.IO.Path.Combine(Folder, "output");
}
