namespace NativeProxy.Upstreams.Health;

/// <summary>What the operator should hear about a server that went up or down.</summary>
/// <param name="IsUp">Where the server stands now.</param>
/// <param name="UpCount">Servers of its upstream that are up now.</param>
/// <param name="Text">The whole sentence.</param>
internal readonly record struct HealthNotice(bool IsUp, int UpCount, string Text);
