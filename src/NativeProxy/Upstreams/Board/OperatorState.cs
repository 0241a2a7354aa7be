namespace NativeProxy.Upstreams.Board;

/// <summary>What an operator wants of a server, above what its health says (HAProxy's `set server ... state`).</summary>
internal enum OperatorState
{
    /// <summary>Its health decides.</summary>
    Ready = 0,

    /// <summary>No new clients; those whose cookie or table entry names it still come.</summary>
    Drain = 1,

    /// <summary>Nobody comes, as if it were down.</summary>
    Maintenance = 2,
}
