using System.Collections.Generic;
using NativeProxy.Recording;

namespace NativeProxy.Admin;

/// <summary>
/// What the operator's endpoint says about the service beside the boards: whether it drains, and what is missing. Written by the supervisor,
/// read by the admin server; any thread.
/// </summary>
internal sealed class ServiceState
{
    private volatile bool _isDraining;
    private volatile string? _shortage;
    private volatile IReadOnlyList<CertificateInUse> _certificates = [];
    private volatile AdminTokens _tokens = AdminTokens.None;
    private volatile EndpointSecurity? _security;
    private volatile Redaction _redaction = Redaction.Strict;
    private volatile RunningConfig _running = new(default, []);

    /// <summary>True from the moment a stop was asked for.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set => _isDraining = value;
    }

    /// <summary>One line about what is missing, such as "worker 1 of 4 cannot start: ..."; null while everything runs.</summary>
    public string? Shortage
    {
        get => _shortage;
        set => _shortage = value;
    }

    /// <summary>Who may ask for what.</summary>
    public AdminTokens Tokens
    {
        get => _tokens;
        set => _tokens = value;
    }

    /// <summary>How the endpoint speaks TLS on new connections; null = it does not.</summary>
    public EndpointSecurity? Security
    {
        get => _security;
        set => _security = value;
    }

    /// <summary>What came of the last upgrade.</summary>
    public UpgradeState Upgrade { get; } = new();

    /// <summary>What is hidden of recorded connections.</summary>
    public Redaction Redaction
    {
        get => _redaction;
        set => _redaction = value;
    }

    /// <summary>The configuration in force.</summary>
    public RunningConfig Running
    {
        get => _running;
        set => _running = value;
    }

    /// <summary>The configuration file that is read.</summary>
    public string ConfigPath { get; init; } = "";

    /// <summary>How often the configuration was read, and what came of it.</summary>
    public LoadHistory Loads { get; } = new();

    /// <summary>The certificates that are served or shown.</summary>
    public IReadOnlyList<CertificateInUse> Certificates
    {
        get => _certificates;
        set => _certificates = value;
    }
}
