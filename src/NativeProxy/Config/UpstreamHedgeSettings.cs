namespace NativeProxy.Config;

/// <summary>`[upstream.hedge]`: a second server for requests whose first one is slow (Envoy's hedge_policy).</summary>
[SettingsTable(Doc = "A second server for requests whose first one is slow.")]
internal readonly partial struct UpstreamHedgeSettings
{
    [Setting("after", Default = "0s", Max = "1h",
        Doc = "Time without an answer after which a GET or HEAD without a body is sent to another server as well, if that has room at once and "
        + "retry.budget allows it: the answer that begins first is passed on, the other request is cut. Not for requests whose cookie or stick table "
        + "names a server. \"0s\" = never.")]
    public partial long AfterMs { get; init; }
}
