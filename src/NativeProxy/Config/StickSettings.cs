namespace NativeProxy.Config;

/// <summary>`[upstream.stick]`: a table of which requests go to which server.</summary>
[SettingsTable(Doc = "A table that keeps requests which say the same with one server, over all workers and over a reload. A stickiness cookie wins; "
    + "an entry whose server is down moves to the one that answers instead, and stays there.")]
internal readonly partial struct UpstreamStickSettings
{
    /// <summary>Entries of all tables together, which is what the board shared by the processes holds.</summary>
    public const int EntriesMax = 1_000_000;

    [Setting("key", Default = "", Pattern = "^$|" + RequestKeyText.Pattern,
        Doc = "The part of a request that decides: client_ip, header:NAME, cookie:NAME or query:NAME. Empty = none.")]
    public partial string Key { get; init; }

    [Setting("learn_cookie", Default = "", Pattern = "^$|" + TokenText.Pattern,
        Doc = "Instead of key: name of a cookie that the servers set themselves. Requests with its value go to the server that has set it. "
        + "Empty = none.")]
    public partial string LearnCookie { get; init; }

    [Setting("expire", Default = "30m", Min = "1s", Max = "8760h", Doc = "Time after which an entry that is not used is forgotten.")]
    public partial long ExpireMs { get; init; }

    [Setting("size", Default = 100000, Min = 1, Max = EntriesMax,
        Doc = "Entries that the table has about; when it is full, those not used for longest give way. At most a million in all upstreams together.")]
    public partial int Size { get; init; }

    /// <summary>True when there is such a table.</summary>
    public bool IsOn => Key.Length > 0 || LearnCookie.Length > 0;
}
