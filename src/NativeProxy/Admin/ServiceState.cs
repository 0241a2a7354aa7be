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

    /// <summary>The certificates that are served or shown.</summary>
    public IReadOnlyList<CertificateInUse> Certificates
    {
        get => _certificates;
        set => _certificates = value;
    }
}
