using System.Net;

namespace NativeProxy.Upstreams.Origins;

/// <summary>What a look-up came to.</summary>
internal enum NameOutcome : byte
{
    /// <summary>There are addresses.</summary>
    Found,

    /// <summary>The name does not exist, or has no address.</summary>
    NoSuchName,

    /// <summary>Nobody who should know has answered, or the answer was that they cannot.</summary>
    NoAnswer,

    /// <summary>Too many look-ups are under way: nobody was asked.</summary>
    TooMany,
}

/// <summary>The addresses of a name.</summary>
/// <param name="Outcome">What the look-up came to.</param>
/// <param name="Addresses">IPv4 first, each once, at most <see cref="AddressesMax"/>; empty unless found.</param>
/// <param name="TtlMs">How long the answer holds, within the bounds of the settings.</param>
/// <param name="Why">For people: where the addresses come from, or why there are none.</param>
internal sealed record NameAnswer(NameOutcome Outcome, IPAddress[] Addresses, long TtlMs, string Why)
{
    /// <summary>Addresses of one name that are used; further ones are left out.</summary>
    public const int AddressesMax = 16;

    /// <summary>One of the two families of addresses is missing because nobody answered for it.</summary>
    public bool IsPartial { get; init; }
}
