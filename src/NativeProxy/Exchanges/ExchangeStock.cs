using System;
using NativeProxy.Compression;
using NativeProxy.Credentials;
using NativeProxy.Exchanges.Cached;
using NativeProxy.Exchanges.Mirrored;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Exchanges;

/// <summary>What the exchanges of one worker share, whichever listener they are of: each part has a bound of its own. Thread: the loop.</summary>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
/// <param name="report">Any thread: takes what is wrong with a file of users, of one worker for all of them; must not block.</param>
internal sealed class ExchangeStock(EventLoop loop, LoopCounters counters, Action<string> report)
{
    /// <summary>Each made when somebody asks for it: most workers have no use for it.</summary>
    private MirrorCopies? _mirrors;
    private Encoders? _encoders;
    private PasswordChecker? _passwords;

    /// <summary>Memory for request bodies that may have to be sent again.</summary>
    public ReplayBudget ReplayBudget { get; } = new(loop.Pools, counters);

    /// <summary>Where responses are read on for the cache when their client has gone.</summary>
    public CacheFetches CacheFetches { get; } = new(counters);

    /// <summary>Copies of requests that are under way.</summary>
    public MirrorCopies Mirrors => _mirrors ??= new MirrorCopies(loop, counters, ReplayBudget);

    /// <summary>Compress answers.</summary>
    public Encoders Encoders => _encoders ??= new Encoders(counters);

    /// <summary>Says whether logins are right.</summary>
    public PasswordChecker Passwords => _passwords ??= new PasswordChecker(loop, counters);

    /// <summary>Follows the files that say who may ask.</summary>
    public UsersWatch Users { get; } = new(loop, report);
}
