using System.Collections.Generic;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>Who a step is about.</summary>
internal enum SpecimenActor
{
    Client,
    Origin,
    Proxy,
}

/// <summary>What happens in a step.</summary>
internal enum SpecimenAction
{
    /// <summary>These bytes are sent.</summary>
    Sends,

    /// <summary>Exactly these bytes arrive.</summary>
    Receives,

    /// <summary>Sends FIN and goes on receiving.</summary>
    Fin,

    /// <summary>Breaks the connection off.</summary>
    Rst,

    /// <summary>Closes both directions.</summary>
    Closes,

    /// <summary>The proxy has sent FIN, and nothing before it.</summary>
    SeesFin,

    /// <summary>The proxy has broken the connection off, and sent nothing before.</summary>
    SeesRst,

    /// <summary>The connection has ended in either way, and nothing came before.</summary>
    SeesEnd,

    /// <summary>The proxy's process is stopped, so that several events can be laid before it.</summary>
    Freezes,

    /// <summary>The proxy's process goes on.</summary>
    Thaws,
}

/// <summary>One step of a specimen.</summary>
/// <param name="Line">Where it stands in its file, from 1.</param>
/// <param name="Actor">Who acts.</param>
/// <param name="Number">Which of the actor's connections, from 1.</param>
/// <param name="Action">What happens.</param>
/// <param name="Bytes">What is sent or received, one character per byte; empty for other actions.</param>
internal sealed record SpecimenStep(int Line, SpecimenActor Actor, int Number, SpecimenAction Action, string Bytes);

/// <summary>A hard case of HTTP as tests/specimens/README.md describes it: what is configured, and what happens on the wire. Immutable.</summary>
/// <param name="File">Name of its file.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Listener">TOML lines for the listener.</param>
/// <param name="Upstream">TOML lines for the upstream.</param>
/// <param name="Steps">In order.</param>
internal sealed record Specimen(string File, string Title, IReadOnlyList<string> Listener, IReadOnlyList<string> Upstream,
    IReadOnlyList<SpecimenStep> Steps);
