using System;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>A specimen that cannot be read; the message begins with file and line.</summary>
internal sealed class SpecimenError(string file, int line, string message) : Exception($"{file}:{line}: {message}");
