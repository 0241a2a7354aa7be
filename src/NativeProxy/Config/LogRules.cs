using System;
using System.Collections.Immutable;
using NativeProxy.Config.Toml;
using NativeProxy.Foundation;

namespace NativeProxy.Config;

/// <summary>The rules about `[log]`. Appends every breach, and what is probably not meant, to the errors. Lives for one load.</summary>
internal sealed class LogRules(LogSettings log, SettingPlaces places, SettingsErrors errors)
{
    public void CheckAll()
    {
        CheckPlace("log.access", log.AccessTarget);
        CheckPlace("log.connections", log.ConnectionsTarget);
        if (CheckPlace("log.errors", log.ErrorsTarget) && LogPlaceText.Of(log.ErrorsTarget) is { IsSocket: false, Kind: not LogPlaceKind.Stderr })
        {
            Break("log.errors", $"{ErrorExcerpt.Quoted(log.ErrorsTarget)} does not take the lines of the proxy itself",
                "\"stderr\", a syslog or the journal");
        }
        CheckTemplate();
        CheckNames("log.request_headers", log.RequestHeaders);
        CheckNames("log.response_headers", log.ResponseHeaders);
        CheckNames("log.redact_headers", log.RedactHeaders);
        CheckShown("log.request_headers", log.RequestHeaders);
        CheckShown("log.response_headers", log.ResponseHeaders);
        for (int i = 0; i < log.RedactQuery.Length; i++)
        {
            if (log.RedactQuery[i].Length == 0 || log.RedactQuery[i].AsSpan().ContainsAny("&;=?#"))
            {
                Break($"log.redact_query[{i}]", $"{ErrorExcerpt.Quoted(log.RedactQuery[i])} is no name of a parameter",
                    "the name alone, not escaped, such as \"token\"");
            }
        }
        CheckWord("log.syslog.app_name", log.Syslog.AppName, 1, 48);
        CheckWord("log.syslog.hostname", log.Syslog.Hostname, 0, 255);
        if (log.Sample == 1)
        {
            foreach ((string key, bool isAsked) in ((string, bool)[])[("log.slow", log.SlowMs > 0), ("log.sample_errors", log.SampleErrors)])
            {
                if (isAsked)
                    Warn(key, "each exchange has a line: sample is 1", "sample = 100 or the like, or 0 for none of the rest");
            }
        }
        if (log.Sample == 0 && log.SlowMs == 0 && log.SampleErrors)
            Warn("log.sample_errors", "no exchange gets a line: sample is 0, and errors are sampled, too", "access = \"off\" says the same");
    }

    private bool CheckPlace(string path, string target)
    {
        if (LogPlaceText.TryParse(target, out _, out string problem))
            return true;
        Break(path, target.Length == 0 ? $"\"{path[4..]}\" in [log] is empty" : $"{ErrorExcerpt.Quoted(target)} {problem}", LogPlaceText.Expected);
        return false;
    }

    private void CheckTemplate()
    {
        if (log.Format == AccessLogFormat.Custom && log.Template.Length == 0)
        {
            Break("log.format", "format \"custom\" needs a template", "template = '{client} {time} \"{request}\" {status} {total_ms}' or the like");
            return;
        }
        if (!LogTemplateText.TryParse(log.Template, out ImmutableArray<AccessFieldPart> parts, out string problem, out string hint))
        {
            Break("log.template", problem, "text with fields in braces: " + string.Join(", ", AccessFields.Names), hint);
            return;
        }
        int headers = 0;
        foreach (AccessFieldPart part in parts)
            headers += part.Field is AccessField.RequestHeader or AccessField.ResponseHeader ? 1 : 0;
        if (headers > LogTemplateText.HeadersMax)
            Break("log.template", $"it names {headers} headers", $"at most {LogTemplateText.HeadersMax}");
        if (log.Template.Length > 0 && log.Format != AccessLogFormat.Custom)
            Warn("log.template", "nobody uses this template", "format = \"custom\"");
    }

    private void CheckNames(string path, ImmutableArray<string> names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (!TokenText.IsToken(names[i]))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(names[i])} is no name of a field", "a name such as \"User-Agent\"");
        }
        if (names.Length > LogTemplateText.HeadersMax)
            Break(path, $"there are {names.Length} names", $"at most {LogTemplateText.HeadersMax}");
    }

    private void CheckShown(string path, ImmutableArray<string> names)
    {
        if (names.Length > 0 && log.Format is AccessLogFormat.Combined or AccessLogFormat.Custom)
            Warn(path, "lines of this format do not show them", "format \"json\" or \"haproxy\", or fields in a template");
    }

    private void CheckWord(string path, string word, int lengthMin, int lengthMax)
    {
        if (word.Length < lengthMin || word.Length > lengthMax || word.AsSpan().ContainsAnyExceptInRange('!', '~'))
            Break(path, $"{ErrorExcerpt.Quoted(word)} cannot stand in a line", $"at most {lengthMax} visible ASCII characters without blanks");
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }

    private void Break(string path, string problem, string expected, string hint = "")
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected, hint);
    }
}
