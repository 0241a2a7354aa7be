namespace NativeProxy.Certificates;

/// <summary>What is wrong, or doubtful, in a file of certificates or keys.</summary>
/// <param name="Problem">One line that names the file and, in a PEM file, line and number of the block. Not made safe for a terminal.</param>
/// <param name="Hint">What to do; may be empty.</param>
/// <param name="IsWarning">The file can be used all the same.</param>
internal readonly record struct CertificateFinding(string Problem, string Hint = "", bool IsWarning = false);
