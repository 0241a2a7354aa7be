using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;

namespace NativeProxy.Upstreams.Naming;

/// <summary>How DNS servers are asked.</summary>
/// <param name="Servers">In the order in which they are asked.</param>
/// <param name="TimeoutMs">How long one is waited for.</param>
/// <param name="Attempts">How often the list is gone through.</param>
internal sealed record DnsRules(IPEndPoint[] Servers, long TimeoutMs, int Attempts)
{
    /// <summary>The addresses that are wanted; others are not asked for.</summary>
    public AddressKind Family { get; init; }
}

/// <summary>
/// The addresses of one complete name, both kinds asked for at the same time, or its services, each from one server after the other until one knows.
/// Bounded in time by the rules and the token. Stateless; control plane.
/// </summary>
internal static class DnsLookup
{
    /// <summary>What came of it. Addresses with the shorter of both times; without any, whether that is certain.</summary>
    /// <param name="rules">Whom to ask.</param>
    /// <param name="name">The name, taken as complete.</param>
    /// <param name="givenUp">The end of the whole look-up.</param>
    public static async Task<DnsFinding> Find(DnsRules rules, string name, CancellationToken givenUp)
    {
        if (rules.Family != AddressKind.Any)
            return await Ask(rules, name, rules.Family == AddressKind.Ipv4 ? DnsType.A : DnsType.Aaaa, givenUp);
        Task<DnsFinding> v4 = Ask(rules, name, DnsType.A, givenUp);
        Task<DnsFinding> v6 = Ask(rules, name, DnsType.Aaaa, givenUp);
        await Task.WhenAll(v4, v6);
        return DnsFinding.Join(await v4, await v6);
    }

    /// <summary>The services of a name; parameters as for <see cref="Find"/>.</summary>
    public static Task<DnsFinding> FindServices(DnsRules rules, string name, CancellationToken givenUp) => Ask(rules, name, DnsType.Srv, givenUp);

    private static async Task<DnsFinding> Ask(DnsRules rules, string name, DnsType type, CancellationToken givenUp)
    {
        string why = "no DNS server is known";
        bool isSilent = true;
        for (int attempt = 0; attempt < rules.Attempts && isSilent; attempt++)
        {
            isSilent = false;
            foreach (IPEndPoint server in rules.Servers)
            {
                using var timeIsOver = CancellationTokenSource.CreateLinkedTokenSource(givenUp);
                timeIsOver.CancelAfter(TimeSpan.FromMilliseconds(rules.TimeoutMs));
                try
                {
                    DnsResponse response = await DnsServer.Ask(server, name, type, timeIsOver.Token);
                    if (response.Verdict is DnsVerdict.Answer or DnsVerdict.NoSuchName)
                    {
                        return new DnsFinding(response.Addresses, response.TtlSeconds, IsCertain: true, IsSilent: false,
                            response.Verdict == DnsVerdict.NoSuchName ? "there is no such name"
                            : type == DnsType.Srv ? "the name has no SRV record" : "the name has no address")
                        {
                            Services = response.Services,
                        };
                    }

                    why = $"{server} answers that it cannot tell";
                }
                catch (Exception e) when (DnsServer.IsNoAnswer(e))
                {
                    isSilent = true;
                    why = $"no answer from {server}";
                }
                if (givenUp.IsCancellationRequested)
                    return new DnsFinding([], 0, IsCertain: false, IsSilent: true, why);
            }
        }
        return new DnsFinding([], 0, IsCertain: false, isSilent, why);
    }
}

/// <summary>What DNS servers said about a name.</summary>
/// <param name="Addresses">What was found.</param>
/// <param name="TtlSeconds">How long it holds.</param>
/// <param name="IsCertain">Somebody who knows has answered, for all that was asked.</param>
/// <param name="IsSilent">Some server has not answered at all.</param>
/// <param name="Why">For people: why there is no address.</param>
internal sealed record DnsFinding(IReadOnlyList<IPAddress> Addresses, long TtlSeconds, bool IsCertain, bool IsSilent, string Why)
{
    /// <summary>What was found of services.</summary>
    public IReadOnlyList<DnsService> Services { get; init; } = [];

    /// <summary>Both kinds of addresses of a name, the first ones first.</summary>
    public static DnsFinding Join(DnsFinding first, DnsFinding second)
    {
        long ttl = first.Addresses.Count == 0
            ? second.TtlSeconds
            : second.Addresses.Count == 0
            ? first.TtlSeconds
            : Math.Min(first.TtlSeconds, second.TtlSeconds);
        return new DnsFinding(
            [.. first.Addresses, .. second.Addresses], ttl, first.IsCertain && second.IsCertain, first.IsSilent || second.IsSilent,
            first.IsCertain ? second.Why : first.Why);
    }
}
