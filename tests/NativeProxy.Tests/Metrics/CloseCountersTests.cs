using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

/// <summary>One reason, one code, one counter, and the code is the counter's label: what is seen in one place is found in the others.</summary>
[Trait("promise", "B3")]
public class CloseCountersTests
{
    public static TheoryData<string, string, CounterInfoText> Reasons()
    {
        var data = new TheoryData<string, string, CounterInfoText>();
        foreach (CloseReason reason in Enum.GetValues<CloseReason>().Where(static reason => reason != CloseReason.None))
            data.Add("client", CloseReasons.CodeOf(reason), CounterInfoText.Of(CloseCounters.Of(reason)));
        foreach (ServerCloseReason reason in Enum.GetValues<ServerCloseReason>().Where(static reason => reason != ServerCloseReason.None))
            data.Add("server", ServerCloseReasons.CodeOf(reason), CounterInfoText.Of(CloseCounters.Of(reason)));
        return data;
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public void CounterOfAReason_IsLabelledWithItsCode(string side, string code, CounterInfoText counter) =>
        Assert.Equal(new CounterInfoText($"nativeproxy_{side}_closes_total", $"reason=\"{code}\""), counter);

    [Fact]
    public void EveryCounterOfTheFamilies_BelongsToOneReason()
    {
        List<CounterId> used =
        [
            .. Enum.GetValues<CloseReason>().Select(static reason => CloseCounters.Of(reason)),
            .. Enum.GetValues<ServerCloseReason>().Skip(1).Select(static reason => CloseCounters.Of(reason)),
        ];
        var rows = new List<CounterId>();
        foreach (CounterInfo info in CounterTable.Rows)
        {
            if (info.Name.EndsWith("_closes_total", StringComparison.Ordinal))
                rows.Add(info.Id);
        }
        Assert.Equal(rows.Order(), used.Order());
    }

    [Fact]
    public void Counts_AreThoseOfTheEnums()
    {
        Assert.Equal(CloseReasons.Count, Enum.GetValues<CloseReason>().Length);
        Assert.Equal(ServerCloseReasons.Count, Enum.GetValues<ServerCloseReason>().Length);
    }

    /// <summary>People have them in their dashboards: a member that is renamed would change one.</summary>
    [Fact]
    public void Codes_StayAsTheyAre()
    {
        Assert.Equal(
            "- client_closed client_aborted client_asked http10 keepalive_off max_requests max_age idle_timeout "
            + "request_header_timeout request_body_timeout send_timeout tunnel_timeout bad_request bad_proxy_header limit denied "
            + "access_denied connections_per_client connection_rate "
            + "after_error unread_request_body close_delimited truncated_response bad_response_body server_timeout "
            + "total_timeout pinned_server_closed tunnel_ended no_server unmatched inspect_timeout "
            + "tls_timeout tls_aborted tls_alert tls_plain_http tls_no_handshake tls_version tls_cipher tls_protocol tls_unknown_name "
            + "tls_no_certificate tls_untrusted tls_expired tls_revoked tls_bad_record tls_limit "
            + "draining stopped ended_by_operator listener_removed handed_over upgraded "
            + "resource descriptor_pressure memory_pressure listener_pressure",
            string.Join(' ', Enum.GetValues<CloseReason>().Select(CloseReasons.CodeOf)));
        Assert.Equal(
            "- server_fin server_reset server_said reuse_off idle_timeout learned_idle_timeout max_requests max_age pool_full "
            + "surplus_bytes request_unsent ambiguous connect_failed tls_timeout tls_aborted tls_alert tls_no_handshake tls_version tls_cipher "
            + "tls_protocol tls_wrong_name tls_untrusted tls_expired tls_revoked tls_bad_record tls_truncated "
            + "client_aborted timeout bad_response upgrade_ended purged stopped ended_by_operator "
            + "server_down pinned_client_left descriptor_pressure memory_pressure address_left backup_relieved "
            + "announced_client_left hedge_lost",
            string.Join(' ', Enum.GetValues<ServerCloseReason>().Select(ServerCloseReasons.CodeOf)));
    }

    /// <summary>What of a row a test shows.</summary>
    public sealed record CounterInfoText(string Name, string? Label)
    {
        internal static CounterInfoText Of(CounterId id) => new(CounterTable.Rows[(int)id].Name, CounterTable.Rows[(int)id].Label);
    }
}
