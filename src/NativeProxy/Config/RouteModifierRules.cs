using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about what modifies the requests of routes and about `[[policy]]`: paths that are made, groups that must be there, names that must
/// exist. Appends every breach to the errors. Lives for one load.
/// </summary>
internal sealed class RouteModifierRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    private const string PathExpected = "\"/\" and what follows it, visible ASCII characters without ? and #";

    private readonly HeaderRuleRules _headers = new(places, errors);
    private readonly BasicAuthRules _auth = new(places, errors);
    private readonly CompressionRules _compression = new(places, errors);
    private readonly CorsRules _cors = new(places, errors);

    /// <summary>Names, header rules and access lists of the policies, and whether listeners name some that exist.</summary>
    public void CheckPolicies()
    {
        Dictionary<string, int> firstIndexes = [];
        for (int i = 0; i < settings.Policies.Length; i++)
        {
            PolicySettings policy = settings.Policies[i];
            string path = $"policy[{i}]";
            if (!NameText.IsValid(policy.Name))
                Break($"{path}.name", $"{ErrorExcerpt.Quoted(policy.Name)} cannot be the name of a policy", NameText.Expected);
            else if (!firstIndexes.TryAdd(policy.Name, i))
                Break($"{path}.name", $"the policy name {ErrorExcerpt.Quoted(policy.Name)} is used twice", "a name of its own");
            CheckHeaders(policy.RequestHeaders, policy.ResponseHeaders, path, groups: 0);
            CheckAccess(policy.Access, path);
            _auth.Check(policy.BasicAuth, policy.RequestHeaders, $"{path}.basic_auth");
            _compression.Check(policy.Compression, $"{path}.compression");
            _cors.Check(policy.Cors, $"{path}.cors");
        }
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            ListenerSettings listener = settings.Listeners[i];
            CheckNames(listener.Policies, $"listener[{i}].policies");
            _compression.Check(listener.Compression, $"listener[{i}].compression");
            CheckPages(listener.ErrorPages, $"listener[{i}].error_pages");
            if (!listener.Policies.IsEmpty && listener.Mode == ListenerMode.Forward)
                Break($"listener[{i}].policies", "a listener in mode \"forward\" has no policies", "a listener in mode \"http\"");
        }
    }

    /// <summary>What a route makes of requests.</summary>
    /// <param name="route">The route.</param>
    /// <param name="path">Of its table.</param>
    public void Check(RouteSettings route, string path)
    {
        CheckNames(route.Policies, $"{path}.policies");
        CheckAccess(route.Access, path);
        _auth.Check(route.BasicAuth, route.RequestHeaders, $"{path}.basic_auth");
        _compression.Check(route.Compression, $"{path}.compression");
        _cors.Check(route.Cors, $"{path}.cors");
        CheckPages(route.ErrorPages, $"{path}.error_pages");
        CheckPrefix(route.StripPrefix, $"{path}.strip_prefix");
        CheckPrefix(route.AddPrefix, $"{path}.add_prefix");
        int groups = GroupsOf(route.PathRegexes);
        CheckHeaders(route.RequestHeaders, route.ResponseHeaders, path, groups);
        CheckGroups($"{path}.redirect", TemplateText.GroupsOf(route.Redirect), groups);
        if (route.ReplacePath.Length > 0)
        {
            CheckMade(route.ReplacePath, $"{path}.replace_path");
            CheckGroups($"{path}.replace_path", TemplateText.GroupsOf(route.ReplacePath), groups);
        }
        CheckRewrite(route.Rewrite, $"{path}.rewrite");
        if (route.Rewrites && (route.Redirect.Length > 0 || route.Respond.Status != 0 || route.Deny != 0))
        {
            string key = ((string[])["strip_prefix", "add_prefix", "replace_path", "rewrite"]).First(one => places.IsSet($"{path}.{one}"));
            Break($"{path}.{key}", "this route sends nothing to a server, so there is no path to change", "a route with upstream or split");
        }
    }

    private void CheckRewrite(in RouteRewriteSettings rewrite, string path)
    {
        if (rewrite.Regex.Length == 0 && rewrite.To.Length == 0)
            return;
        if (rewrite.Regex.Length == 0 || rewrite.To.Length == 0)
        {
            Break(path, "a rewriting needs both: what is looked for and what becomes of it", "{ regex = \"^/user/([0-9]+)$\", to = \"/u/{1}\" }");
            return;
        }
        CheckMade(rewrite.To, $"{path}.to");
        if (!RouteRules.IsRegex(rewrite.Regex, out string problem, out string expected))
        {
            Break($"{path}.regex", problem, expected);
            return;
        }
        CheckGroups($"{path}.to", TemplateText.GroupsOf(rewrite.To), GroupsOf([rewrite.Regex]));
    }

    /// <summary>A text of which a path is made.</summary>
    private void CheckMade(string text, string path)
    {
        if (!text.StartsWith('/') || text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.AsSpan().ContainsAny('?', '#'))
            Break(path, $"{ErrorExcerpt.Quoted(text)} is no path", PathExpected);
        else if (!TemplateText.TryParse(text, out ImmutableArray<TemplatePart> parts, out string problem))
            Break(path, $"{ErrorExcerpt.Quoted(text)}: {problem}", TemplateText.Expected);
        else if (parts.Any(static part => part.Kind is TemplatePartKind.Uri or TemplatePartKind.Query))
            Break(path, $"{ErrorExcerpt.Quoted(text)} puts the query into the path; it stays behind the path in any case", "{path} or {query.NAME}");
        else if (parts.Any(static part => IsKnownLater(part.Kind)))
            Break(path, $"{ErrorExcerpt.Quoted(text)} names what a request gets when its path is known", "{path} or another variable");
        else if (HasDotSegment(text))
            Break(path, $"{ErrorExcerpt.Quoted(text)} has dot segments", "the path that they mean");
    }

    private void CheckPrefix(string text, string path)
    {
        if (text.Length == 0)
            return;
        if (!RouteRules.IsPath(text))
            Break(path, $"{ErrorExcerpt.Quoted(text)} is no beginning of a path", PathExpected);
        else if (HasDotSegment(text))
            Break(path, $"{ErrorExcerpt.Quoted(text)} has dot segments", "the path that they mean");
    }

    private static bool HasDotSegment(string path) => path.Split('/').Any(static segment => segment is "." or "..");

    private void CheckHeaders(in HeaderRuleSettings ofRequests, in HeaderRuleSettings ofResponses, string path, int groups)
    {
        _headers.Check(ofRequests, $"{path}.request_headers", isRequest: true, groups);
        _headers.Check(ofResponses, $"{path}.response_headers", isRequest: false);
    }

    private void CheckGroups(string path, int named, int there)
    {
        if (named > there)
            Break(path, $"{{{named}}} is no group that every regular expression here has", HeaderRuleRules.NoGroup);
    }

    /// <summary>Groups that each of the expressions has.</summary>
    private static int GroupsOf(ImmutableArray<string> regexes)
    {
        int least = regexes.IsEmpty ? 0 : int.MaxValue;
        foreach (string regex in regexes)
        {
            if (RouteRules.IsRegex(regex, out _, out _))
                least = Math.Min(least, RegexText.Make(regex, ignoreCase: false).GetGroupNumbers().Length - 1);
        }
        return least;
    }

    private void CheckAccess(in AccessSettings access, string path)
    {
        CheckNetworks(access.Allow, $"{path}.access.allow");
        CheckNetworks(access.Deny, $"{path}.access.deny");
    }

    private void CheckNetworks(ImmutableArray<string> networks, string path)
    {
        for (int i = 0; i < networks.Length; i++)
        {
            if (!NetworkText.TryParse(networks[i], out _))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(networks[i])} is no network", NetworkText.Expected);
        }
    }

    private void CheckPages(ImmutableArray<NamedText> pages, string path)
    {
        foreach (NamedText page in pages)
        {
            TextPosition place = places.OfEntry(path, page.Name);
            if (errors.HasErrorAt(place))
                continue;
            if (!ErrorPageText.IsStatus(page.Name))
                errors.Add(place, $"{ErrorExcerpt.Quoted(page.Name)} is no status of an error", "\"400\" to \"599\", \"4xx\" or \"5xx\"");
            else if (!ErrorPageText.IsFile(page.Text) && !ErrorPageText.TryRead(page.Text, out _, out _, out string problem))
                errors.Add(place, problem, ErrorPageText.Expected);
        }
    }

    private void CheckNames(ImmutableArray<string> wanted, string path)
    {
        string[] names = [.. settings.Policies.Select(static policy => policy.Name)];
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!names.Contains(wanted[i]))
            {
                Break($"{path}[{i}]", $"there is no policy {ErrorExcerpt.Quoted(wanted[i])}",
                    names.Length > 0 ? "one of: " + string.Join(", ", names) : "a [[policy]] with this name", Spelling.Hint(wanted[i], names));
            }
        }
    }

    private static bool IsKnownLater(TemplatePartKind kind) =>
        kind is TemplatePartKind.RequestId or TemplatePartKind.TraceId || !TemplateText.IsOfTargets(kind);

    private void Break(string path, string problem, string expected, string hint = "")
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected, hint);
    }
}
