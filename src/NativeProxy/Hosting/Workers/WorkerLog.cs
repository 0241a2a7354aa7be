using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Processes;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The logs of one worker, as <c>[log]</c> says: one ring, one writer, no, one or two targets and a collector, which a reload may change. Owner: the
/// worker, which disposes it after its loop has ended. Thread: any; the ring has its own rules.
/// </summary>
internal sealed class WorkerLog : IDisposable
{
    private const int RingBytes = 1024 * 1024;

    private readonly ErrorLog _errors;
    private LogSettings _settings;
    private ResolverSettings _resolver;

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when a file cannot be opened.</summary>
    public WorkerLog(in ProxySettings settings, ErrorLog errors)
    {
        _settings = settings.Log;
        _resolver = settings.Resolver;
        _errors = errors;
        Ring = new LogRing(RingBytes);
        First = Open(settings, errors);
        Writer = new LogWriter(Ring, Names, First, errors);
    }

    public LogRing Ring { get; }

    public LogNames Names { get; } = new();

    public LogWriter Writer { get; }

    /// <summary>What it began with; the writer has it.</summary>
    public LogDestinations First { get; }

    /// <summary>
    /// The thread that reloads: opens what other settings name. Null when they name the same, or cannot be opened, which the error log then says;
    /// what is in use stays in use.
    /// </summary>
    public LogDestinations? Prepare(in ProxySettings settings)
    {
        if (IsSame(settings.Log, _settings) && (!HasName(_settings) || settings.Resolver.IsSameAs(_resolver)))
            return null;
        try
        {
            LogDestinations destinations = Open(settings, _errors);
            _settings = settings.Log;
            _resolver = settings.Resolver;
            return destinations;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _errors.Error($"the log cannot be opened, the old one stays in use: {e.Message}");
            return null;
        }
    }

    /// <summary>Which exchanges get a line; null when all do.</summary>
    public static LogSampling? SamplingOf(in LogSettings settings) =>
        settings.Sample == 1 ? null : new LogSampling(settings.Sample, settings.SlowMs, settings.ErrorStatus, settings.SampleErrors);

    public void Dispose()
    {
        Writer.Dispose();
        Ring.Dispose();
    }

    /// <summary>True when lines look the same and go to the same places; sampling is nothing to the writer.</summary>
    private static bool IsSame(in LogSettings one, in LogSettings other) =>
        (one.AccessTarget, one.ConnectionsTarget, one.Format, one.Template) ==
            (other.AccessTarget, other.ConnectionsTarget, other.Format, other.Template)
        && (one.Syslog.Facility, one.Syslog.AppName, one.Syslog.Hostname) == (other.Syslog.Facility, other.Syslog.AppName, other.Syslog.Hostname)
        && one.Traces.IsSameAs(other.Traces)
        && one.RequestHeaders.SequenceEqual(other.RequestHeaders) && one.ResponseHeaders.SequenceEqual(other.ResponseHeaders)
        && one.RedactHeaders.SequenceEqual(other.RedactHeaders) && one.RedactQuery.SequenceEqual(other.RedactQuery);

    private static bool HasName(in LogSettings settings) =>
        settings.Traces.Endpoint.Length > 0 ||
        LogPlaceText.Of(settings.AccessTarget).Name.Length > 0 || LogPlaceText.Of(settings.ConnectionsTarget).Name.Length > 0;

    private static LogDestinations Open(in ProxySettings settings, ErrorLog errors)
    {
        LogSettings log = settings.Log;
        LogTarget? access = OpenTarget("access", log.AccessTarget, settings, errors);
        try
        {
            // A syslog and the journal are told which log a line is of, so that each log has a socket of its own there.
            bool isShared = log.ConnectionsTarget == log.AccessTarget && !LogPlaceText.Of(log.AccessTarget).IsSocket;
            LogTarget? connections = isShared
                ? access
                : OpenTarget("connection", log.ConnectionsTarget, settings, errors);
            SpanPlace? spans = SpanCollector.PlaceOf(log.Traces, settings.Resolver, out string problem);
            if (problem.Length > 0)
                throw new IOException($"log.traces.endpoint: {problem}");
            return Layout(log, access, connections) with { Spans = spans };
        }
        catch
        {
            access?.Dispose();
            throw;
        }
    }

    private static LogDestinations Layout(in LogSettings settings, LogTarget? access, LogTarget? connections)
    {
        IReadOnlyList<AccessFieldPart> parts = settings.Format == AccessLogFormat.Custom
            && LogTemplateText.TryParse(settings.Template, out ImmutableArray<AccessFieldPart> read, out _, out _) ? read : [];
        CaptureList captures = settings.Format switch
        {
            AccessLogFormat.Custom => new CaptureList(
                parts.Where(static part => part.Field == AccessField.RequestHeader).Select(static part => part.Text),
                parts.Where(static part => part.Field == AccessField.ResponseHeader).Select(static part => part.Text), settings.RedactHeaders),
            AccessLogFormat.Combined => new CaptureList([], [], []),
            _ => new CaptureList(settings.RequestHeaders, settings.ResponseHeaders, settings.RedactHeaders),
        };
        return new LogDestinations(StyleOf(settings.Format), access, connections)
        {
            Template = settings.Format == AccessLogFormat.Custom ? new LineTemplate(parts, captures) : null,
            Captures = captures.IsEmpty ? null : captures,
            Redaction = LineRedaction.Of(settings.RedactHeaders, settings.RedactQuery),
        };
    }

    private static AccessLogStyle StyleOf(AccessLogFormat format) => format switch
    {
        AccessLogFormat.Combined => AccessLogStyle.Combined,
        AccessLogFormat.Json => AccessLogStyle.Json,
        AccessLogFormat.Custom => AccessLogStyle.Custom,
        _ => AccessLogStyle.Haproxy,
    };

    private static LogTarget? OpenTarget(string log, string target, in ProxySettings settings, ErrorLog errors)
    {
        try
        {
            return LogPlaces.Open(target, settings, log, errors.Warn);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string key = log == "access" ? "log.access" : "log.connections";
            throw new IOException($"{key}: \"{target}\" cannot be opened: {e.Message}", e);
        }
    }
}
