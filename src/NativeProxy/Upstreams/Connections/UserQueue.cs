using System;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Who uses a lent server connection: the one whose answer is due, and behind it, when the connection is pipelined on, those whose requests
/// are out already, in their order (RFC 9112 9.3.2). Part of the connection (a mutable struct: keep it in a field, never copy it); thread: the
/// loop. Never decides whether the connection may be kept.
/// </summary>
internal struct UserQueue
{
    /// <summary>Null until the connection is pipelined on.</summary>
    private FollowingUsers? _following;

    /// <summary>Last bytes of the present delivery that belong to the next user.</summary>
    private int _handedOnBytes;

    /// <summary>The one whose answer is due; null while the connection is not lent.</summary>
    public IServerConnectionUser? Present { get; private set; }

    /// <summary>A user left before its turn: its answer will come and has nobody to go to.</summary>
    public bool IsOutOfStep { get; private set; }

    /// <summary>How many follow the present one.</summary>
    public readonly int FollowingCount => _following?.Count ?? 0;

    /// <summary>The connection is opened for a user.</summary>
    public void Begin(IServerConnectionUser user)
    {
        Present = user;
        IsOutOfStep = false;
    }

    /// <summary>Another user takes the place of the present one, or the first place of an idle connection.</summary>
    public void PassTo(IServerConnectionUser user) => Present = user;

    /// <summary>The present user is done, and the connection is not handed on.</summary>
    public void Leave() => Present = null;

    /// <summary>Takes a user whose request goes out behind those in flight.</summary>
    public void Follow(IServerConnectionUser user)
    {
        _following ??= new FollowingUsers();
        _following.Add(user);
    }

    /// <summary>A user gives up before its turn.</summary>
    public void Unfollow(IServerConnectionUser user)
    {
        _following!.Remove(user);
        IsOutOfStep = true;
    }

    /// <summary>
    /// The next user becomes the present one, with the last bytes of the present delivery. Null when nobody follows, or who follows cannot be told.
    /// </summary>
    public IServerConnectionUser? Advance(int restBytes)
    {
        if (IsOutOfStep || _following?.Take() is not { } next)
            return null;
        Present = next;
        _handedOnBytes = restBytes;
        return next;
    }

    /// <summary>The connection is gone: the next one whose turn will not come, or null.</summary>
    public readonly IServerConnectionUser? TakeFollowing() => _following?.Take();

    /// <summary>
    /// Gives a delivery to the present user. Returns how many of its last bytes belong to the user that the connection was handed on to meanwhile.
    /// </summary>
    public int Deliver(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        _handedOnBytes = 0;
        Present!.OnServerReceived(connection, bytes);
        return _handedOnBytes;
    }
}
