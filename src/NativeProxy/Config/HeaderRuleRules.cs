using System;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `request_headers` and `response_headers`. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class HeaderRuleRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>They frame a message, speak of its connection, or are the proxy's own, which nobody else writes.</summary>
    private static readonly string[] Own =
    [
        "connection", "content-length", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    ];

    /// <summary>What would be right where a group is missing.</summary>
    public const string NoGroup = "groups in parentheses, numbered from 1, in a path_regex of the same route";

    /// <param name="rules">The rules.</param>
    /// <param name="path">Of their table.</param>
    /// <param name="isRequest">False for those of responses, whose values know nothing of the request.</param>
    /// <param name="groups">Groups that the regular expressions of the route have.</param>
    public void Check(in HeaderRuleSettings rules, string path, bool isRequest, int groups = 0)
    {
        for (int i = 0; i < rules.Remove.Length; i++)
        {
            string name = rules.Remove[i];
            string token = name.EndsWith('*') ? name[..^1] : name;
            TextPosition place = places.Of($"{path}.remove[{i}]");
            if (!TokenText.IsToken(token))
                Break(place, $"{ErrorExcerpt.Quoted(name)} is no name of header fields", "a name, or its beginning and \"*\"");
            else if (Own.Contains(name.ToLowerInvariant()))
                Break(place, $"{ErrorExcerpt.Quoted(name)} is the proxy's own", "another name");
        }
        CheckTexts(rules.Set, $"{path}.set", isRequest, groups);
        CheckTexts(rules.Add, $"{path}.add", isRequest, groups);
        CheckTexts(rules.Default, $"{path}.default", isRequest, groups);
    }

    private void CheckTexts(ImmutableArray<NamedText> texts, string path, bool isRequest, int groups)
    {
        foreach (NamedText one in texts)
        {
            TextPosition place = places.OfEntry(path, one.Name);
            if (!TokenText.IsToken(one.Name))
                Break(place, $"{ErrorExcerpt.Quoted(one.Name)} is no name of a header field", "a name without blanks and separators");
            else if (Own.Contains(one.Name.ToLowerInvariant()))
                Break(place, $"{ErrorExcerpt.Quoted(one.Name)} is the proxy's own", "another name");
            else if (one.Text.Trim() != one.Text || one.Text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                Break(place, $"the value of {ErrorExcerpt.Quoted(one.Name)} cannot stand in a header field", "visible ASCII characters and blanks");
            else if (!TemplateText.TryParse(one.Text, out ImmutableArray<TemplatePart> parts, out string problem))
                Break(place, $"the value of {ErrorExcerpt.Quoted(one.Name)}: {problem}", Expected(isRequest));
            else if (!isRequest && parts.Any(static part => !TemplateText.IsOfResponses(part.Kind)))
                Break(place, $"the value of {ErrorExcerpt.Quoted(one.Name)} names something of the request", Expected(isRequest));
            else if (isRequest && parts.Any(static part => !TemplateText.IsOfRequests(part.Kind)))
                Break(place, $"the value of {ErrorExcerpt.Quoted(one.Name)} names something of the response", Expected(isRequest));
            else if (TemplateText.GroupsOf(one.Text) > groups)
                Break(place, $"the value of {ErrorExcerpt.Quoted(one.Name)} names a group that not every path_regex of its route has", NoGroup);
        }
    }

    private static string Expected(bool isRequest) => isRequest ? TemplateText.ExpectedInRequests : TemplateText.ExpectedInResponses;

    private void Break(TextPosition place, string problem, string expected)
    {
        if (!errors.HasErrorAt(place))
            errors.Add(place, problem, expected);
    }
}
