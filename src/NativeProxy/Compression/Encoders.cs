using NativeProxy.Metrics;

namespace NativeProxy.Compression;

/// <summary>
/// The encoders of one worker: as many at once as its memory is to bear, some 70 MB. Who finds none sends its answer as it is. Thread: the loop.
/// </summary>
/// <param name="counters">Of the worker.</param>
internal sealed class Encoders(LoopCounters counters)
{
    /// <summary>Answers that are encoded at once.</summary>
    public const int RunningMax = 256;

    private int _running;

    /// <summary>Where they put what comes out.</summary>
    public EncoderRoom Room { get; } = new();

    /// <summary>An encoder for one body; null when there are enough.</summary>
    public GzipEncoder? TryLend()
    {
        if (_running >= RunningMax)
        {
            counters.Add(CounterId.CompressionsRefused);
            return null;
        }
        _running++;
        counters.Add(CounterId.Compressions);
        return new GzipEncoder(this);
    }

    internal void Return() => _running--;
}
