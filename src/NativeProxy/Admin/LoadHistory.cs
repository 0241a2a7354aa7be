using System;
using System.Collections.Generic;

namespace NativeProxy.Admin;

/// <summary>The last readings of the configuration. Written by who reads it, one reading after another; read by any thread.</summary>
internal sealed class LoadHistory
{
    private readonly object _gate = new();
    private volatile ConfigLoad[] _loads = [];
    private bool _isUnderWay;

    /// <summary>The last <see cref="ConfigLoad.KeptMax"/> readings, the newest first; the start is one.</summary>
    public IReadOnlyList<ConfigLoad> Newest => _loads;

    /// <summary>
    /// The number of the first reading that begins from now on: what the file holds now is what it reads. One under way may have begun before.
    /// </summary>
    public int NextNumber
    {
        get
        {
            lock (_gate)
                return LastNumber + (_isUnderWay ? 2 : 1);
        }
    }

    private int LastNumber => _loads.Length == 0 ? 0 : _loads[0].Number;

    /// <summary>A reading begins.</summary>
    public void Begin()
    {
        lock (_gate)
            _isUnderWay = true;
    }

    /// <summary>It has ended.</summary>
    /// <param name="isTaken">It is in force.</param>
    /// <param name="text">What was said of it.</param>
    public void Ended(bool isTaken, string text)
    {
        lock (_gate)
        {
            var load = new ConfigLoad(LastNumber + 1, DateTimeOffset.UtcNow, isTaken, text);
            _loads = [load, .. _loads.Length < ConfigLoad.KeptMax ? _loads : _loads[..^1]];
            _isUnderWay = false;
        }
    }
}
