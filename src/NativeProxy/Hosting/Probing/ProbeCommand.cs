using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Probing;

/// <summary>`nativeproxy probe URL`: asks, and prints. Stateless.</summary>
internal static class ProbeCommand
{
    /// <summary>Returns the exit code: 1 with one line when the server could not be asked.</summary>
    /// <param name="url">Whom.</param>
    /// <param name="idle">How long an idle connection is watched, such as "80s".</param>
    /// <param name="timeout">How long one answer may take.</param>
    /// <param name="requests">Requests on one connection.</param>
    /// <param name="isInsecure">Any certificate will do.</param>
    /// <param name="authorityFile">PEM file with the authorities that are believed; empty = those of the system.</param>
    public static int Run(string url, string idle, string timeout, int requests, bool isInsecure, string authorityFile)
    {
        if (!Units.TryParseDuration(idle, out long idleMs) || idleMs is < 1 or > 3_600_000)
            return Failed($"--idle: \"{idle}\" is no time between \"1ms\" and \"1h\"");
        if (!Units.TryParseDuration(timeout, out long timeoutMs) || timeoutMs is < 1 or > 3_600_000)
            return Failed($"--timeout: \"{timeout}\" is no time between \"1ms\" and \"1h\"");
        if (requests is < 2 or > 100_000)
            return Failed("--requests: expected a number between 2 and 100000");
        ProbeTarget[] targets = ProbeTarget.Read(url, out string problem);
        var terms = new ProbeTerms(TimeSpan.FromMilliseconds(idleMs), TimeSpan.FromMilliseconds(timeoutMs), requests, Verifies: !isInsecure);
        if (authorityFile.Length > 0)
        {
            terms = terms with { AuthorityFile = authorityFile, Authorities = [] };
            try
            {
                List<CertificateFinding> findings = [];
                foreach (byte[] der in AuthorityFile.Read(authorityFile, File.ReadAllBytes(authorityFile), DateTimeOffset.UtcNow, findings))
                    terms.Authorities.Add(X509CertificateLoader.LoadCertificate(der));
                if (terms.Authorities.Count == 0)
                    return Failed("--ca: " + findings[0].Problem);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                return Failed($"--ca: {e.Message}");
            }
        }
        foreach (ProbeTarget target in targets)
        {
            Console.Error.WriteLine($"asking {target.EndPoint}; watching idle connections takes up to {Units.FormatDuration(idleMs)} (--idle)");
            ProbeFacts facts = new ServerProbe(target, terms).AskAsync().GetAwaiter().GetResult();
            problem = facts.Problem;
            if (problem.Length > 0)
                continue;
            ProbeReport.Write(Console.Out, target, terms, facts);
            return ExitCodes.Success;
        }
        return Failed(problem);
    }

    private static int Failed(string problem)
    {
        Console.Error.WriteLine(problem);
        return ExitCodes.Failure;
    }
}
