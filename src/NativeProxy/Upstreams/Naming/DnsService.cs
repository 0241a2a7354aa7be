using System.Collections.Generic;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Naming;

/// <summary>One place where a service is offered (RFC 2782). Immutable.</summary>
/// <param name="Priority">The lower, the sooner.</param>
/// <param name="Weight">Share among those of one priority.</param>
/// <param name="Port">0 where there is none.</param>
/// <param name="Target">A name; empty = the service is decidedly not offered.</param>
internal sealed record DnsService(int Priority, int Weight, int Port, string Target);

/// <summary>What a look-up of services came to.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Services">What was found; one at least when something was.</param>
/// <param name="TtlMs">How long it holds, within the bounds of the settings.</param>
/// <param name="Why">For people: where it comes from, or why there is nothing.</param>
internal sealed record ServiceAnswer(NameOutcome Outcome, IReadOnlyList<DnsService> Services, long TtlMs, string Why);
