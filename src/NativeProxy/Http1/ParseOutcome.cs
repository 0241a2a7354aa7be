using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>The three faces of every parser of this folder.</summary>
internal enum ParseStatus : byte
{
    /// <summary>A whole element was read; <see cref="ParseOutcome.ConsumedBytes"/> says how long it was.</summary>
    Done,

    /// <summary>All bytes so far are fine, the element is not complete. Nothing is consumed.</summary>
    NeedMore,

    /// <summary>No continuation of these bytes can become valid; <see cref="ParseOutcome.Reason"/> says why.</summary>
    Rejected,
}

/// <summary>
/// What a parser says about a span: done (with its length), need more, or rejected (with a reason).
/// Once a prefix was rejected every longer input is rejected as well.
/// </summary>
internal readonly struct ParseOutcome
{
    /// <summary>
    /// Consumed bytes (32), status (8), reason (8). One word, since it is returned in a register: separate fields would be written to the stack piece
    /// by piece and read back as a whole, which stalls.
    /// </summary>
    private readonly ulong _bits;

    private ParseOutcome(ParseStatus status, int consumedBytes, RejectReason reason) =>
        _bits = (uint)consumedBytes | ((ulong)status << 32) | ((ulong)reason << 40);

    public static ParseOutcome NeedMore => new(ParseStatus.NeedMore, 0, RejectReason.None);

    public int ConsumedBytes => (int)_bits;

    public ParseStatus Status => (ParseStatus)(byte)(_bits >> 32);

    public RejectReason Reason => (RejectReason)(byte)(_bits >> 40);

    public static ParseOutcome Done(int consumedBytes) => new(ParseStatus.Done, consumedBytes, RejectReason.None);

    public static ParseOutcome Rejected(RejectReason reason) => new(ParseStatus.Rejected, 0, reason);

    /// <summary>More bytes cannot help where the limit is reached: then the need for them is a reason to reject.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ParseOutcome Limited(bool isFull, RejectReason reason) =>
        isFull && Status == ParseStatus.NeedMore ? Rejected(reason) : this;

    public override string ToString() => Status switch
    {
        ParseStatus.Done => $"Done({ConsumedBytes})",
        ParseStatus.NeedMore => "NeedMore",
        _ => $"Rejected({Reason})",
    };
}
