namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Who has sent a request behind the one that a server connection is answering, in their order: the answers will come in it
/// (RFC 9112 9.3.2). Owner: one <see cref="UpstreamConnection"/>, made when it is first pipelined on; thread: the loop. Bounded by
/// <c>keepalive.pipelining</c>.
/// </summary>
internal sealed class FollowingUsers
{
    /// <summary>Largest value of <c>keepalive.pipelining</c>, the one being answered included.</summary>
    public const int PipeliningMax = 32;

    private readonly IServerConnectionUser?[] _users = new IServerConnectionUser?[PipeliningMax];
    private int _first;

    public int Count { get; private set; }

    public void Add(IServerConnectionUser user)
    {
        _users[(_first + Count) % PipeliningMax] = user;
        Count++;
    }

    /// <summary>The next in line, or null.</summary>
    public IServerConnectionUser? Take()
    {
        while (Count > 0)
        {
            IServerConnectionUser? user = _users[_first];
            _users[_first] = null;
            _first = (_first + 1) % PipeliningMax;
            Count--;
            if (user is not null)
                return user;
        }
        return null;
    }

    /// <summary>Takes a user out of the line; its place stays, so that nobody takes its answer for another's.</summary>
    public void Remove(IServerConnectionUser user)
    {
        for (int i = 0; i < Count; i++)
        {
            ref IServerConnectionUser? place = ref _users[(_first + i) % PipeliningMax];
            if (place == user)
                place = null;
        }
    }
}
