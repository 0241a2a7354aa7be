using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// By which rule a message was refused, as a name for log records: the parser's reason where there is one, else the rule of the error.
/// The names are registered once. Immutable; thread: the loop.
/// </summary>
internal sealed class RejectNames
{
    private readonly int[] _reasonIds = new int[RejectReasons.Count];
    private readonly int[] _errorIds = new int[ProxyErrors.Count];

    public RejectNames(LogNames names)
    {
        for (int i = (int)RejectReason.None + 1; i < _reasonIds.Length; i++)
            _reasonIds[i] = names.Register(RejectReasons.CodeOf((RejectReason)i));
        for (int i = 0; i < _errorIds.Length; i++)
            _errorIds[i] = names.Register(ProxyErrors.Of((ProxyError)i).Rule ?? "");
    }

    /// <summary>The id of the name; <see cref="LogNames.None"/> when nothing was refused.</summary>
    public int Of(ProxyError error, RejectReason detail) =>
        detail != RejectReason.None ? _reasonIds[(int)detail] : _errorIds[(int)error];
}
