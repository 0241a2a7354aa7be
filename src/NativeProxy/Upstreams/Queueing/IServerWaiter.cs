namespace NativeProxy.Upstreams.Queueing;

/// <summary>Who waits for a server with room. Calls come on the loop thread, never from inside a call of the waiter.</summary>
internal interface IServerWaiter
{
    /// <summary>The waiter was first in line, and a server has room or waiting has become useless; it has left the queue and asks again.</summary>
    void OnServerHasRoom();

    /// <summary><c>timeouts.queue</c> has passed; the waiter has left the queue.</summary>
    void OnQueueTimeout();
}
