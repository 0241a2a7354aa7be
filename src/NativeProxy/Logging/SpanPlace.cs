using System.Threading.Tasks;

namespace NativeProxy.Logging;

/// <summary>What became of a batch of spans.</summary>
internal enum SpanOutcome : byte
{
    /// <summary>The collector has it.</summary>
    Taken,

    /// <summary>It may take the same batch later.</summary>
    Later,

    /// <summary>It will never take it.</summary>
    Refused,
}

/// <summary>What a collector said to a batch.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Problem">For people; empty when all is well.</param>
/// <param name="RefusedCount">Spans of a taken batch that it does not want.</param>
internal readonly record struct SpanReply(SpanOutcome Outcome, string Problem = "", long RefusedCount = 0);

/// <summary>Takes a batch, an ExportTraceServiceRequest in JSON, to a collector; aside, in bounded time. Never fails.</summary>
internal delegate Task<SpanReply> SpanSend(byte[] batch);

/// <summary>Where spans go. Immutable.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Service">The name of the service that the spans are of.</param>
/// <param name="Send">Takes a batch there.</param>
internal sealed record SpanPlace(string Name, string Service, SpanSend Send);
