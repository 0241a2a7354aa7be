using System.Collections.Generic;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Origins;

/// <summary>
/// One look-up of a name for all origins that wait for it: begun on the loop, answered from any thread, ended on the loop again.
/// Owner: a <see cref="NameResolver"/>. The two threads meet in the mailbox only.
/// </summary>
internal sealed class NameLookup(NameResolver resolver, string name) : LoopWork
{
    public string Name => name;

    /// <summary>Who asked.</summary>
    public List<Origin> Waiting { get; } = [];

    /// <summary>What was found; on the loop only, once it has ended.</summary>
    public NameAnswer? Answer { get; private set; }

    /// <summary>Any thread, once: <see cref="NameResolver.Ended"/> follows on the loop.</summary>
    public void Answered(NameAnswer answer)
    {
        Answer = answer;
        resolver.Loop.Post(this);
    }

    /// <summary>The loop thread, when there is an answer.</summary>
    public override void Run() => resolver.Ended(this);
}
