namespace NativeProxy.Quotas;

/// <summary>Why a limit is asked.</summary>
internal enum RateUse : byte
{
    /// <summary>A request has come: it counts if it passes.</summary>
    Take,

    /// <summary>As <see cref="Take"/>, but one that has to wait no longer than it may counts, too.</summary>
    Reserve,

    /// <summary>A request has come of which it is not known yet whether it counts.</summary>
    Look,

    /// <summary>A request counts that has passed already.</summary>
    Count,
}

/// <summary>What a limit says to one request.</summary>
internal readonly record struct RateVerdict
{
    /// <summary>It is not too many.</summary>
    public bool Passes => WaitUs <= 0;

    /// <summary>When it would pass, or passes if it was reserved; 0 = now.</summary>
    public long WaitUs { get; init; }

    /// <summary>How many more would pass now.</summary>
    public int Left { get; init; }

    /// <summary>When the key is as new if nothing more comes.</summary>
    public long AsNewAfterUs { get; init; }

    /// <summary>Another key was forgotten for it that was not as new.</summary>
    public bool HasDisplaced { get; init; }
}

/// <summary>
/// How one limit counts. What it knows of a key is one number of <see cref="StateBits"/> bits, so that it is changed in one step; 0 = as new, which
/// is also what is known of a key that was never seen. Immutable and pure; any thread.
/// </summary>
internal abstract class RateRule
{
    /// <summary>The other bits of the word say whose state it is.</summary>
    public const int StateBits = 52;

    /// <summary>How many at once, or in one time.</summary>
    public abstract int CountMax { get; }

    /// <summary>The state of a key after this, the same one when nothing counts.</summary>
    /// <param name="state">What is known of the key.</param>
    /// <param name="nowUs">The time, the same in all processes, in microseconds.</param>
    /// <param name="use">Why it is asked.</param>
    /// <param name="waitUsMax">How long a reserved request may wait.</param>
    /// <param name="verdict">What is said to the request.</param>
    public abstract long Apply(long state, long nowUs, RateUse use, long waitUsMax, out RateVerdict verdict);

    /// <summary>When the key is as new: what would be lost with it.</summary>
    public abstract long AsNewAfterUs(long state, long nowUs);
}
