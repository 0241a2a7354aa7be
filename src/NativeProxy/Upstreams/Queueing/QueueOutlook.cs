namespace NativeProxy.Upstreams.Queueing;

/// <summary>What the first in line of a <see cref="WaitQueue"/> may hope for.</summary>
internal enum QueueOutlook : byte
{
    /// <summary>No room: it waits.</summary>
    Full,

    /// <summary>No room but what idle connections of other workers take up, which can be asked for.</summary>
    IdleElsewhere,

    /// <summary>There is room.</summary>
    Room,

    /// <summary>There never will be: waiting is of no use.</summary>
    Useless,
}
