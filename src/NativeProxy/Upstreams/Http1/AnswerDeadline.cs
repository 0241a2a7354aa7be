using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Http1;

/// <summary>
/// How long a server may be silent while it must act. One that is still taking the request's body is not late with its answer. Part of a stream (a
/// mutable struct: keep it in a field, never copy it); thread: the loop. Never acts on a deadline that has passed: the stream does.
/// </summary>
internal struct AnswerDeadline
{
    private SendWatch _send;

    /// <summary>Counted anew with each event.</summary>
    /// <param name="connection">Whose timer runs.</param>
    /// <param name="timeoutMs">From now on; 0 = the server need not act.</param>
    /// <param name="hasBody">Some of the request's body was sent, which the server may still be taking.</param>
    public void Arm(UpstreamConnection connection, long timeoutMs, bool hasBody) =>
        connection.ArmResponseTimeout(hasBody ? _send.Begin(timeoutMs) : timeoutMs);

    /// <summary>The deadline has passed. True when the server has taken something of the body meanwhile: it has the same time again.</summary>
    public bool IsPutOff(UpstreamConnection connection, bool hasBody, long timeoutMs)
    {
        if (!hasBody || !_send.HasMoved(connection.Tcp!))
            return false;
        connection.ArmResponseTimeout(timeoutMs);
        return true;
    }
}
