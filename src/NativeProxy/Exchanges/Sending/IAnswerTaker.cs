using System;
using NativeProxy.Http;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// Who takes the answer to a request on its way back. Calls come on the loop thread; within each the exchange may end.
/// </summary>
internal interface IAnswerTaker
{
    /// <summary>An interim response (1xx but 101).</summary>
    void OnInterim(ReadOnlySpan<byte> bytes, ResponseHead head);

    /// <summary>The final response, with what has come of its body.</summary>
    void OnResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first);

    /// <summary>What follows of the body.</summary>
    void OnResponseBody(in BodyPiece piece);

    /// <summary>The server speaks the protocol now that it was asked to switch to.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="rest">What it has said in that protocol already.</param>
    void OnSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest);
}
