using NativeProxy.Clients;

namespace NativeProxy.Passthrough;

/// <summary>The sessions of one listener in mode "tcp". Owner: the listener; thread: the loop.</summary>
/// <param name="frontend">What its connections share.</param>
/// <param name="terms">Where they go, and how long they last.</param>
internal sealed class TcpSessionPool(Frontend frontend, TcpTerms terms) : Sessions(frontend)
{
    public TcpTerms Terms => terms;

    protected override Session Make() => new TcpSession(this);
}
