using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// Carries out the look-ups of a loop on the thread pool, as many beside each other as the loop begins. Control plane; <see cref="Begin"/> is called
/// by the loop and returns at once.
/// </summary>
internal sealed class LoopLookups(OwnAddresses own)
{
    private volatile NameFinder? _finder;

    /// <summary>Takes over settings, at start and at reload, before the loop begins look-ups under them.</summary>
    public void Apply(in ResolverSettings settings) => _finder = new NameFinder(settings);

    /// <summary>Begins a look-up.</summary>
    public void Begin(NameLookup lookup) => Task.Run(() => Carry(lookup));

    private async Task Carry(NameLookup lookup)
    {
        // Whatever happens, those who wait are told.
        var answer = new NameAnswer(NameOutcome.NoAnswer, [], 0, "the look-up has failed");
        try
        {
            answer = await _finder!.Find(lookup.Name);
            own.Refresh();
        }
        finally
        {
            lookup.Answered(answer);
        }
    }
}
