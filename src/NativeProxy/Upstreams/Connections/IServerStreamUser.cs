using System;
using NativeProxy.Http;
using NativeProxy.Recording;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Who has sent a request over a <see cref="ServerStream"/>, and hears of the answer as it means, not as it is framed. Calls come on the loop thread.
/// Within each the user may release or end the stream; then nothing follows.
/// </summary>
internal interface IServerStreamUser
{
    /// <summary>The fresh connection is there: the request may begin.</summary>
    void OnServerReady();

    /// <summary>The answers to earlier requests on the same connection are complete: what comes now is the answer to this one.</summary>
    void OnServerTurn();

    /// <summary>The process is out of descriptors, which is no fault of the server; there is no connection.</summary>
    void OnServerPutOff();

    /// <summary>The first byte of an answer has come: nothing will be sent again.</summary>
    void OnServerAnswers();

    /// <summary>An interim response (1xx but 101).</summary>
    /// <param name="bytes">The head, as canonical lines behind its first.</param>
    /// <param name="head">What was read of it.</param>
    void OnServerInterim(ReadOnlySpan<byte> bytes, ResponseHead head);

    /// <summary>The final response, with what has come of its body.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="first">The beginning of the body, perhaps all of it.</param>
    void OnServerResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first);

    /// <summary>What follows of the body.</summary>
    void OnServerBody(in BodyPiece piece);

    /// <summary>The server speaks the protocol now that it was asked to switch to.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="rest">What it has said in that protocol already.</param>
    void OnServerSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest);

    /// <summary>The server takes more of the request.</summary>
    void OnServerDrained();

    /// <summary>The server takes no more of the request; an answer that it sent before may still come.</summary>
    void OnServerRefuses();

    /// <summary>Adds to what is said of an answer that is refused whose request it was for.</summary>
    void Describe(ref AskerFacts asker)
    {
    }

    /// <summary>There will be no whole answer. The connection is still held, unless there was none.</summary>
    void OnServerFailed(in ServerFailure failure);
}
