using Xunit;

// Most tests wait for sockets and timers, not for a processor: more of them than processors may run at once.
[assembly: CollectionBehavior(MaxParallelThreads = 8)]
