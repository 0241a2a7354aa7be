using System;
using System.Collections.Generic;

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
    private readonly object _loading = new();
    private volatile ConfigLoad[] _loads = [];
    private bool _isLoading;
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

    /// <summary>The configuration in force.</summary>
    public RunningConfig Running
    {
        get => _running;
        set => _running = value;
    }

    /// <summary>The configuration file that is read.</summary>
    public string ConfigPath { get; init; } = "";

    /// <summary>The last <see cref="ConfigLoad.KeptMax"/> readings of the configuration, the newest first; the start is one.</summary>
    public IReadOnlyList<ConfigLoad> Loads => _loads;

    /// <summary>
    /// The number of the first reading that begins from now on: what the file holds now is what it reads. One under way may have begun before.
    /// </summary>
    public int NextLoadNumber
    {
        get
        {
            lock (_loading)
                return LastLoadNumber + (_isLoading ? 2 : 1);
        }
    }

    private int LastLoadNumber => _loads.Length == 0 ? 0 : _loads[0].Number;

    /// <summary>The configuration is being read.</summary>
    public void BeginLoad()
    {
        lock (_loading)
            _isLoading = true;
    }

    /// <summary>The configuration has been read.</summary>
    /// <param name="isTaken">It is in force.</param>
    /// <param name="text">What was said of it.</param>
    public void CountLoad(bool isTaken, string text)
    {
        lock (_loading)
        {
            var load = new ConfigLoad(LastLoadNumber + 1, DateTimeOffset.UtcNow, isTaken, text);
            _loads = [load, .. _loads.Length < ConfigLoad.KeptMax ? _loads : _loads[..^1]];
            _isLoading = false;
        }
    }

    /// <summary>The certificates that are served or shown.</summary>
    public IReadOnlyList<CertificateInUse> Certificates
    {
        get => _certificates;
        set => _certificates = value;
    }
}
