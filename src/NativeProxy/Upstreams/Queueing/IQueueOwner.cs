namespace NativeProxy.Upstreams.Queueing;

/// <summary>Where those who wait in a <see cref="WaitQueue"/> want to go: a server, or any server of a group. Thread: the loop.</summary>
internal interface IQueueOwner
{
    /// <summary>What the first in line may hope for, whoever else waits.</summary>
    QueueOutlook Outlook();

    /// <summary>Asks other workers for an idle connection.</summary>
    void AskForIdle();

    /// <summary>Some wait for a while already: looks whether what the board says is right.</summary>
    void MendPlaces(long nowMs);
}
