using System;

namespace NativeProxy.Admin;

/// <summary>A certificate that is served or shown, as the operator wants to know it. Immutable.</summary>
/// <param name="Place">Who uses it, as a label: <c>listener="web"</c>, <c>upstream="app"</c> or <c>endpoint="admin"</c>.</param>
/// <param name="Path">The file that it came from.</param>
/// <param name="Name">Its first name; empty where it has none.</param>
/// <param name="NotAfter">When it expires.</param>
/// <param name="Fingerprint">SHA-256 of it, in lower-case hex.</param>
/// <param name="FileHasChanged">The file holds something else by now: a reload would change what is served.</param>
internal sealed record CertificateInUse(
    string Place, string Path, string Name, DateTimeOffset NotAfter, string Fingerprint, bool FileHasChanged = false);
