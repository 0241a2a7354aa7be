using NativeProxy.Config;

namespace NativeProxy.Admin;

/// <summary>The configuration in force. Immutable.</summary>
/// <param name="settings">What it says.</param>
/// <param name="text">The file as it was read; empty where there is none.</param>
internal sealed class RunningConfig(ProxySettings settings, byte[] text)
{
    private readonly ProxySettings _settings = settings;

    public ref readonly ProxySettings Settings => ref _settings;

    /// <summary>The file as it was read.</summary>
    public byte[] Text => text;
}
