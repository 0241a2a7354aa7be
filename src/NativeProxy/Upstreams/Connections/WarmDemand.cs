using System;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// How many connections are used up while another one is being opened: requests that come in the time of a connect. Rises at once and falls by a
/// quarter a look, so that a wave that has just gone finds its connections when it comes back. Part of a <see cref="WarmPool"/> (a mutable struct:
/// keep it in a field, never copy it); thread: the loop. Pure but for its memory; never reads a clock.
/// </summary>
internal struct WarmDemand
{
    /// <summary>What is new counts for one part of so many.</summary>
    private const int Inertia = 4;

    /// <summary>Less than this share of a connection is none, so that what falls for ever comes to an end.</summary>
    private const double ShareMin = 0.1;

    private int _requestCount;
    private double _requestsPerMs;
    private double _connectMs;

    /// <summary>Connections that are used up in the time of a connect.</summary>
    public readonly int Count
    {
        get
        {
            double expected = _requestsPerMs * _connectMs;
            return expected < ShareMin ? 0 : (int)Math.Min(int.MaxValue, Math.Ceiling(expected));
        }
    }

    /// <summary>A request needs a connection.</summary>
    public void CountRequest() => _requestCount++;

    /// <summary>A connect has succeeded.</summary>
    public void Connected(long tookMs) => _connectMs += _connectMs == 0 ? tookMs : (tookMs - _connectMs) / Inertia;

    /// <summary>Takes over what was counted since the last look.</summary>
    /// <param name="passedMs">Time since then, above 0.</param>
    public void Look(long passedMs)
    {
        double now = (double)_requestCount / passedMs;
        _requestsPerMs = Math.Max(now, _requestsPerMs + ((now - _requestsPerMs) / Inertia));
        _requestCount = 0;
    }
}
