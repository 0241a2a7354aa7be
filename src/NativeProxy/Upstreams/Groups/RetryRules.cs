using NativeProxy.Config;

namespace NativeProxy.Upstreams.Groups;

/// <summary>When exchanges are tried again, as an upstream says or a route of its own. Immutable; a reload makes another one.</summary>
internal sealed class RetryRules(in UpstreamRetrySettings settings)
{
    private static readonly uint StatusBits = BitOf(RetryCondition.Status429) | BitOf(RetryCondition.Status502)
        | BitOf(RetryCondition.Status503) | BitOf(RetryCondition.Status504);

    private readonly UpstreamRetrySettings _settings = settings;

    /// <summary>One bit for each of the conditions that the file lists.</summary>
    private readonly uint _conditions = BitsOf(settings);

    /// <summary>What the file says.</summary>
    public ref readonly UpstreamRetrySettings Settings => ref _settings;

    /// <summary>An exchange may be tried again because of some status.</summary>
    public bool HasStatus { get; } = settings.Attempts > 1 && (BitsOf(settings) & StatusBits) != 0;

    /// <summary>What was sent behind another request, and lost with its connection, is sent again.</summary>
    public bool AllowsPipelining { get; } = settings.Attempts > 1 && settings.IsOn(RetryCondition.Stale);

    /// <summary>How long one try may be silent if another one can follow; 0 = as long as the answer may.</summary>
    public long PerTryTimeoutMs { get; } = settings.PerTryTimeoutMs;

    /// <summary>Exchanges are tried again after some heads, so that what they need for it is kept until one has come.</summary>
    public bool LooksAtHeads { get; } = settings.Attempts > 1 && (BitsOf(settings) & (StatusBits | BitOf(RetryCondition.JunkResponse))) != 0;

    /// <summary>Longest request body that is kept so that it can be sent again; 0 when nothing is ever sent again.</summary>
    public int ReplayBytesMax { get; } = settings.Attempts > 1 ? settings.BodyBytes : 0;

    /// <summary>True when the file lists the condition.</summary>
    public bool IsOn(RetryCondition condition) => (_conditions & BitOf(condition)) != 0;

    /// <summary>True when an exchange is tried again after an answer with this status.</summary>
    public bool IsOnStatus(int status) => status switch
    {
        429 => IsOn(RetryCondition.Status429),
        502 => IsOn(RetryCondition.Status502),
        503 => IsOn(RetryCondition.Status503),
        504 => IsOn(RetryCondition.Status504),
        _ => false,
    };

    private static uint BitOf(RetryCondition condition) => 1u << (int)condition;

    private static uint BitsOf(in UpstreamRetrySettings settings)
    {
        uint bits = 0;
        foreach (RetryCondition condition in settings.On.IsDefault ? [] : settings.On)
            bits |= BitOf(condition);
        return bits;
    }
}
