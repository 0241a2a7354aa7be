namespace NativeProxy.Config;

/// <summary>How a server is chosen for a request.</summary>
internal enum BalanceKind
{
    [SettingChoice("round_robin", Doc = "one after the other, in proportion to their weights")]
    RoundRobin,

    [SettingChoice("least_connections", Doc = "the one with the fewest running requests for its weight; equals take turns")]
    LeastConnections,

    [SettingChoice("source_hash", Doc = "by the client's address, which stays with its server while that one is up")]
    SourceHash,

    [SettingChoice("random_two", Doc = "of two drawn by weight, the one with fewer running requests for its weight")]
    RandomTwo,

    [SettingChoice("first", Doc = "the first in the file that has room under its max_connections")]
    First,

    [SettingChoice("hash", Doc = "by a part of the request, hash_key: what says the same goes to the same server")]
    Hash,
}

/// <summary>What becomes of keys when servers come and go.</summary>
internal enum HashType
{
    [SettingChoice("ring", Doc = "consistent: a server that comes or goes moves its own share of the keys, all others stay")]
    Ring,

    [SettingChoice("modulo", Doc = "exactly even; when a server comes or goes most keys move")]
    Modulo,
}

/// <summary>What a group does when all its servers are down.</summary>
internal enum WhenAllDown
{
    [SettingChoice("503", Doc = "requests are answered with status 503")]
    Refuse,

    [SettingChoice("use_all", Doc = "all are asked as if they were up: better a doubtful server than none")]
    UseAll,
}

/// <summary>Which server has the first turn after a start.</summary>
internal enum FirstTurn
{
    [SettingChoice("random", Doc = "one drawn at random, so that proxies that start at the same time do not all begin with the same server")]
    Random,

    [SettingChoice("first", Doc = "the first in the file, for set-ups that must behave the same at each start")]
    First,
}
