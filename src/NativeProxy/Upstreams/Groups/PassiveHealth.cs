using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// Leaves servers of a group out for a time when requests fail on them, by what all workers have seen (<see cref="ServerEjection"/>): after so many
/// failures in a row, or at a share of failures. Never more than a share of the servers, and never the last usable one. Owner: an
/// <see cref="UpstreamGroup"/>; thread: the loop. Never ends anything that runs.
/// </summary>
internal sealed class PassiveHealth
{
    private readonly UpstreamPassiveSettings _settings;
    private readonly GroupServers _servers;
    private readonly StatusSet? _failureStatuses;

    /// <param name="settings">Of the group.</param>
    /// <param name="servers">Its servers.</param>
    public PassiveHealth(in UpstreamPassiveSettings settings, GroupServers servers)
    {
        _settings = settings;
        _servers = servers;
        _failureStatuses = settings.FailureStatuses.IsEmpty ? null : StatusSet.Of(settings.FailureStatuses);
    }

    /// <summary>Told of each server that is left out, with the whole sentence but for the name of the group; must not block.</summary>
    public Action<string>? Ejected { get; init; }

    /// <summary>Whether an error is a failure of the server. One that had closed a pooled connection was in its right.</summary>
    public static bool IsFailure(ProxyError error, bool wasReused) => error switch
    {
        ProxyError.ServerConnectFailed or ProxyError.ServerConnectTimeout or ProxyError.ServerNotSecure or ProxyError.ServerResponseTimeout => true,
        ProxyError.ServerBadResponse or ProxyError.ServerBadBody or ProxyError.ServerTruncatedResponse => true,
        ProxyError.ServerClosedBeforeResponse => !wasReused,
        _ => false,
    };

    /// <summary>The head of a response has come.</summary>
    /// <param name="server">From which server.</param>
    /// <param name="status">Its status; 0 = a connection that is no exchange was opened.</param>
    /// <param name="nowMs">Loop time.</param>
    public void Answered(UpstreamServer server, int status, long nowMs)
    {
        if (server.Standing.Ejection is not { } ejection)
            return;
        if (_failureStatuses is { } failures && failures.Contains(status))
        {
            Failed(server, nowMs);
            return;
        }
        ejection.CountSuccess();
        if (server.Standing.IsTried)
        {
            server.Standing.IsTried = false;
            ejection.Pardon();
        }
        if (_settings.ErrorRate > 0)
            ejection.CountInWindow(hasFailed: false, nowMs, _settings.WindowMs, out _, out _);
    }

    /// <summary>A request has failed on the server.</summary>
    public void Failed(UpstreamServer server, long nowMs)
    {
        if (server.Standing.Ejection is not { } ejection)
            return;
        server.Standing.IsTried = false;
        int inRow = ejection.CountFailure();
        bool isDue = _settings.ConsecutiveFailures > 0 && inRow >= _settings.ConsecutiveFailures;
        string why = isDue ? $"{inRow} failures in a row" : "";
        if (_settings.ErrorRate > 0)
        {
            ejection.CountInWindow(hasFailed: true, nowMs, _settings.WindowMs, out int requests, out int failures);
            if (!isDue && requests >= _settings.MinRequests && failures * 100L >= (long)requests * _settings.ErrorRate)
                (isDue, why) = (true, $"{failures} of {requests} requests failed");
        }
        if (!isDue || ejection.IsOn(nowMs) || !MayEject(server))
            return;
        int inRowAfter = Math.Max(0, _settings.ConsecutiveFailures - 1);
        if (ejection.TryBegin(nowMs, _settings.EjectionMs, _settings.LongestEjectionMs, inRowAfter, out long forMs))
            Ejected?.Invoke($"server \"{server.Name}\" gets no requests for {Units.FormatDuration(forMs)}: {why}");
    }

    /// <summary>
    /// Where no server takes requests any more because the others have gone since: those that are left out get requests again. False when there are
    /// none.
    /// </summary>
    public bool TryPardon()
    {
        if (_servers.HasAny)
            return false;
        bool isAny = false;
        foreach (UpstreamServer server in _servers.All)
            isAny |= server.Standing is { IsUp: true, Ejection: { } ejection } && ejection.Pardon();
        return isAny;
    }

    /// <summary>True when a server other than this one is left out, so that it could be tried.</summary>
    public bool HasTrialFor(UpstreamServer failed)
    {
        foreach (UpstreamServer server in _servers.All)
        {
            if (server != failed && MayBeTried(server))
                return true;
        }
        return false;
    }

    /// <summary>
    /// A request has failed on this server, and no other takes requests: one of those that are left out may get this request, and no other. If it
    /// answers it is left out no more, for one that was back all the time shall not have to wait while the last one fails; if it fails it is left out
    /// as before.
    /// </summary>
    /// <returns>True when there is one; <see cref="EndTrials"/> follows once the request has a server.</returns>
    public bool BeginTrials(UpstreamServer failed)
    {
        if (_servers.HasOtherThan(failed))
            return false;
        bool isAny = false;
        foreach (UpstreamServer server in _servers.All)
            isAny |= server.Standing.IsOnTrial = server != failed && MayBeTried(server);
        return isAny;
    }

    /// <summary>The request has been given this server, or none.</summary>
    public void EndTrials(UpstreamServer? chosen)
    {
        foreach (UpstreamServer server in _servers.All)
        {
            server.Standing.IsTried |= server.Standing.IsOnTrial && server == chosen;
            server.Standing.IsOnTrial = false;
        }
    }

    private static bool MayBeTried(UpstreamServer server) => server.Standing is { Weight: > 0, IsUp: true, IsEjected: true, IsLeaving: false };

    /// <summary>One on trial is none on whom others could count.</summary>
    private bool MayEject(UpstreamServer server)
    {
        bool hasOther = false;
        int ejected = 1;
        foreach (UpstreamServer other in _servers.All)
        {
            if (other == server)
                continue;
            bool isEjected = other.Standing.IsEjected;
            ejected += isEjected ? 1 : 0;
            hasOther |= !isEjected && other.Standing.TakesRequests;
        }
        if (!hasOther)
            return false;
        int max = _settings.EjectedPercentMax == 0 ? 0 : Math.Max(1, _servers.All.Length * _settings.EjectedPercentMax / 100);
        return ejected <= max;
    }
}
