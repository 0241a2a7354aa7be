using System;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Hosting.Probing;

/// <summary>How much is asked.</summary>
/// <param name="IdleMax">How long an idle connection is watched.</param>
/// <param name="AnswerTimeout">How long one answer may take, and one connect.</param>
/// <param name="RequestsMax">Requests on one connection, at least 2.</param>
/// <param name="Verifies">The server's certificate must be sound.</param>
internal sealed record ProbeTerms(TimeSpan IdleMax, TimeSpan AnswerTimeout, int RequestsMax, bool Verifies)
{
    /// <summary>File with the authorities whose word about it counts; empty = those of the system.</summary>
    public string AuthorityFile { get; init; } = "";

    /// <summary>What is in that file.</summary>
    public X509Certificate2Collection? Authorities { get; init; }
}
