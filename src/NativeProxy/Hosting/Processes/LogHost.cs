using System;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The addresses of a syslog that has a name. They are looked up on the pool, one look-up at a time: at once, when a connection is to be made anew,
/// and now and then while lines go there. The last good ones are used until there are others. Thread: that of its <see cref="LogSocket"/>.
/// </summary>
internal sealed class LogHost : LogAddress
{
    /// <summary>How long addresses are believed while lines go there.</summary>
    public const long AgainMs = 30_000;

    /// <summary>How soon they are looked up again for a new connection.</summary>
    public const long AgainMsMin = 5000;

    private readonly string _name;
    private readonly int _port;
    private readonly Func<string, Task<NameAnswer>> _find;

    /// <summary>Written by look-ups.</summary>
    private volatile Finding _finding = new([], "");
    private volatile bool _isAsking;
    private long _askedAtMs;
    private Finding? _given;
    private int _givenCount;

    /// <param name="name">The name.</param>
    /// <param name="port">The port.</param>
    /// <param name="find">Looks the name up; never fails.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public LogHost(string name, int port, Func<string, Task<NameAnswer>> find, long nowMs)
    {
        (_name, _port, _find) = (name, port, find);
        Ask(nowMs);
    }

    public override bool HasNext => ReferenceEquals(_given, _finding) && _givenCount % _finding.Addresses.Length != 0;

    public override EndPoint? Next(long nowMs, out string problem)
    {
        AskIfOlder(AgainMsMin, nowMs);
        Finding finding = _finding;
        problem = finding.Problem;
        if (finding.Addresses.Length == 0)
            return null;
        if (!ReferenceEquals(finding, _given))
            (_given, _givenCount) = (finding, 0);
        return new IPEndPoint(finding.Addresses[_givenCount++ % finding.Addresses.Length], _port);
    }

    public override bool IsCurrent(EndPoint endPoint, long nowMs)
    {
        AskIfOlder(AgainMs, nowMs);
        return endPoint is not IPEndPoint { Address: var address } || _finding.Addresses.Contains(address);
    }

    private void AskIfOlder(long ageMs, long nowMs)
    {
        if (!_isAsking && nowMs - _askedAtMs >= ageMs)
            Ask(nowMs);
    }

    private void Ask(long nowMs)
    {
        _askedAtMs = nowMs;
        _isAsking = true;
        Task.Run(Look);
    }

    private async Task Look()
    {
        // Whatever happens, whoever waits goes on.
        var answer = new NameAnswer(NameOutcome.NoAnswer, [], 0, "the look-up has failed");
        try
        {
            answer = await _find(_name);
        }
        finally
        {
            Take(answer);
            _isAsking = false;
        }
    }

    /// <summary>The same addresses in another order are no change: name servers turn them.</summary>
    private void Take(NameAnswer answer)
    {
        IPAddress[] known = _finding.Addresses;
        if (answer.Addresses.Length > 0 && (answer.Addresses.Length != known.Length || answer.Addresses.Except(known).Any()))
            _finding = new Finding(answer.Addresses, "");
        else if (answer.Addresses.Length == 0 && known.Length == 0)
            _finding = new Finding([], $"the name \"{_name}\" cannot be resolved: {answer.Why}");
    }

    /// <summary>What is known.</summary>
    /// <param name="Addresses">The last good ones; none before the first.</param>
    /// <param name="Problem">Why there are none; empty before the first answer.</param>
    private sealed record Finding(IPAddress[] Addresses, string Problem);
}
