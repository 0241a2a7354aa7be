using NativeProxy.Config;

namespace NativeProxy.Upstreams.Groups;

/// <summary>When exchanges are tried again, as an upstream says or a route of its own. Immutable; a reload makes another one.</summary>
internal sealed class RetryRules(in UpstreamRetrySettings settings)
{
    private readonly UpstreamRetrySettings _settings = settings;

    /// <summary>One bit for each of the conditions that the file lists.</summary>
    private readonly uint _conditions = BitsOf(settings);

    /// <summary>What the file says.</summary>
    public ref readonly UpstreamRetrySettings Settings => ref _settings;

    /// <summary>An exchange may be tried again because of some status.</summary>
    public bool HasStatus { get; } = settings.HasStatus;

    /// <summary>What was sent behind another request, and lost with its connection, is sent again.</summary>
    public bool AllowsPipelining { get; } = settings.Attempts > 1 && settings.IsOn(RetryCondition.Stale);

    /// <summary>How long one try may be silent if another one can follow; 0 = as long as the answer may.</summary>
    public long PerTryTimeoutMs { get; } = settings.PerTryTimeoutMs;

    /// <summary>Exchanges are tried again after some heads, so that what they need for it is kept until one has come.</summary>
    public bool LooksAtHeads { get; } = settings.HasStatus || settings is { Attempts: > 1 } && settings.IsOn(RetryCondition.JunkResponse);

    /// <summary>Longest request body that is kept so that it can be sent again; 0 when nothing is ever sent again.</summary>
    public int ReplayBytesMax { get; } = settings.Attempts > 1 ? settings.BodyBytes : 0;

    /// <summary>True when the file lists the condition.</summary>
    public bool IsOn(RetryCondition condition) => (_conditions & (1u << (int)condition)) != 0;

    private static uint BitsOf(in UpstreamRetrySettings settings)
    {
        uint bits = 0;
        foreach (RetryCondition condition in settings.On.IsDefault ? [] : settings.On)
            bits |= 1u << (int)condition;
        return bits;
    }
}
