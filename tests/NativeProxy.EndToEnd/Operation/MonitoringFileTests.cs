using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// The dashboard and the alerts of perf/monitoring ask only for what the proxy shows, and say of everything what to do. What they mean by it, the
/// unit tests of the rules tell, which <c>promtool</c> runs.
/// </summary>
public sealed class MonitoringFileTests
{
    private static readonly IReadOnlyCollection<string> Recorded = [.. MonitoringFiles.Recorded.Select(static rule => rule.Name)];

    [Fact]
    public async Task EveryMetricOfTheDashboardAndTheAlerts_IsExposed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2)
            .Admin("histograms = [\"upstream\", \"route\"]").Upstream("health.type = \"tcp\"", "cache.bytes = \"64KiB\"")
            .AddListener("secure", "app").Listener(TlsScene.Listening())
            .AddUpstream("secured", origin.Address).Upstream([.. ServerTlsScene.Speaking(), $"tls.certificate = \"{TestPki.Client}\""])
            .Route("name = \"api\"", "path_prefix = [\"/api\"]", "upstream = \"secured\""));
        const string ofWorker = "nativeproxy_worker_process_start_time_seconds{";
        await Deadline.Until(
            async () => (await proxy.Samples()).Keys.Count(static name => name.StartsWith(ofWorker, StringComparison.Ordinal)) == 2,
            () => "both workers to say who they are");
        var exposed = new ExposedMetrics(await proxy.MetricsText());

        MonitoringQuery[] queries =
            [.. MonitoringFiles.QueriesOfDashboard(), .. MonitoringFiles.QueriesOfRules(), .. MonitoringFiles.SeriesOfRuleTests()];
        Assert.True(queries.Length > 200, "the queries were not found");
        AssertNone(queries.SelectMany(query => exposed.Missing(query, Recorded)).Distinct());
    }

    [Theory]
    [InlineData("rate(nativeproxy_m_total{kind=~\"a|b\",instance=~\"$instance\"}[5m])", "{{instance}} {{kind}}", "")]
    [InlineData("sum by (kind, job) (nativeproxy_m_total) / instance:recorded:rate5m", "{{ $labels.kind }}", "")]
    [InlineData("nativeproxy_n_total", "", "there is no nativeproxy_n_total")]
    [InlineData("nativeproxy_bare_total", "", "there is no nativeproxy_bare_total")]
    [InlineData("nativeproxy_m_total{sort=\"a\"}", "", "nativeproxy_m_total has no label sort")]
    [InlineData("nativeproxy_m_total{kind=~\"a|c\"}", "", "nativeproxy_m_total has no kind that is a|c")]
    [InlineData("sum without (sort) (nativeproxy_m_total)", "", "none of its metrics has the label sort")]
    [InlineData("label_values(nativeproxy_m_total{kind=\"a\"}, sort)", "", "none of its metrics has the label sort")]
    [InlineData("nativeproxy_m_total", "{{sort}}", "none of its metrics has the label sort")]
    [InlineData("nativeproxy_h_seconds_bucket{le=\"1\"} + nativeproxy_h_seconds_count", "", "")]
    public void WhatIsNotExposed_IsFound(string query, string words, string missing)
    {
        const string text = "# HELP nativeproxy_m_total M.\n# TYPE nativeproxy_m_total counter\nnativeproxy_m_total{kind=\"a\"} 1\n"
            + "nativeproxy_m_total{kind=\"b\"} 1\n# HELP nativeproxy_h_seconds H.\n# TYPE nativeproxy_h_seconds histogram\n"
            + "nativeproxy_h_seconds_bucket{le=\"1\"} 0\nnativeproxy_h_seconds_sum 0\nnativeproxy_h_seconds_count 0\nnativeproxy_bare_total 1\n";
        IEnumerable<string> found = new ExposedMetrics(text).Missing(new MonitoringQuery("here", query, words), ["instance:recorded:rate5m"]);
        Assert.Equal(missing.Length == 0 ? [] : ["here: " + missing], found);
    }

    [Fact]
    public void EachPanel_HasAnIdOfItsOwn_AndSaysWhatToLookFor()
    {
        using JsonDocument document = JsonDocument.Parse(MonitoringFiles.Dashboard);
        JsonElement[] panels = [.. document.RootElement.GetProperty("panels").EnumerateArray()];
        JsonElement[] shown = [.. panels.Where(static panel => panel.GetProperty("type").GetString() != "row")];

        Assert.Distinct(panels.Select(static panel => panel.GetProperty("id").GetInt32()));
        Assert.All(shown, static panel =>
            Assert.True(panel.GetProperty("description").GetString()!.Length > 40, panel.GetProperty("title").GetString()));
        Assert.All(shown, static panel => Assert.Distinct(
            panel.GetProperty("targets").EnumerateArray().Select(static target => target.GetProperty("refId").GetString())));
        Assert.Distinct(panels.SelectMany(static panel => PlacesOf(panel.GetProperty("gridPos"))));
        Assert.DoesNotMatch("\"uid\": \"(?!\\$\\{datasource\\}|nativeproxy\")", MonitoringFiles.Dashboard);
        Assert.Equal(
            ["datasource", "instance", "listener", "upstream", "server"],
            document.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Select(static variable => variable.GetProperty("name").GetString()));
    }

    [Fact]
    public void EachAlert_SaysWhatToDo_IsTested_AndStandsInTheManual()
    {
        string tests = File.ReadAllText(MonitoringFiles.RuleTestsPath);
        string page = File.ReadAllText(Path.Combine(ProxyBinary.RepositoryRoot, "src", "manual", "watch.md"));
        Assert.True(MonitoringFiles.Alerts.Count > 20, "the alerts were not found");
        Assert.All(MonitoringFiles.Alerts, alert =>
        {
            Assert.Matches("severity: (critical|warning) ", alert.Text);
            Assert.Contains("summary: \"", alert.Text, StringComparison.Ordinal);
            Assert.Contains("description: >-", alert.Text, StringComparison.Ordinal);
            string manual = Regex.Match(alert.Text, "manual: (\\S+)\n").Groups[1].Value;
            Assert.True(File.Exists(Path.Combine(ProxyBinary.RepositoryRoot, manual)), $"{alert.Name}: there is no {manual}");
            Assert.Contains($"ALERTS{{alertname=\"{alert.Name}\",alertstate=\"firing\"}}", tests, StringComparison.Ordinal);
            Assert.Contains($"`{alert.Name}`", page, StringComparison.Ordinal);
        });
    }

    [PromtoolFact]
    public async Task Rules_AndTheirTests_PassPromtool()
    {
        (int checkedCode, string complaints) = await Promtool.Run("", "check", "rules", MonitoringFiles.RulesPath);
        Assert.True(checkedCode == 0, complaints);
        (int testedCode, string failures) = await Promtool.Run("", "test", "rules", MonitoringFiles.RuleTestsPath);
        Assert.True(testedCode == 0, failures);
    }

    /// <summary>Each as the rule that it could be, in JSON, which is YAML.</summary>
    [PromtoolFact]
    public async Task QueriesOfTheDashboard_AreSuchAsPrometheusReads()
    {
        string path = Path.GetTempFileName();
        var rules = MonitoringFiles.QueriesOfDashboard().Select(static query => query.Text)
            .Where(static query => !query.StartsWith("label_values(", StringComparison.Ordinal))
            .Select(static (query, i) => new { record = $"query:{i}", expr = query.Replace("$__rate_interval", "5m", StringComparison.Ordinal) });
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(new { groups = new[] { new { name = "dashboard", rules } } }));
        (int code, string complaints) = await Promtool.Run("", "check", "rules", path);
        File.Delete(path);
        Assert.True(code == 0, complaints);
    }

    /// <summary>The squares of the grid that a panel covers.</summary>
    private static IEnumerable<(int X, int Y)> PlacesOf(JsonElement position)
    {
        int Of(string name) => position.GetProperty(name).GetInt32();
        return from x in Enumerable.Range(Of("x"), Of("w")) from y in Enumerable.Range(Of("y"), Of("h")) select (x, y);
    }

    private static void AssertNone(IEnumerable<string> faults)
    {
        string[] all = [.. faults];
        Assert.True(all.Length == 0, string.Join('\n', all));
    }
}
