using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[[route]]`: names that must exist, forms of the conditions, one action. Appends every breach to the errors; does not judge a
/// value that the binder has refused already. Lives for one load.
/// </summary>
internal sealed class RouteRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    private const string Actions = "one of: upstream, split, redirect, respond, deny";

    public void CheckAll()
    {
        var modifiers = new RouteModifierRules(settings, places, errors);
        modifiers.CheckPolicies();
        Dictionary<string, int> firstIndexes = [];
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            RouteSettings route = settings.Routes[i];
            string path = $"route[{i}]";
            CheckName(route.NameAt(i), i, path, firstIndexes);
            CheckListeners(route, path);
            new RouteModeRules(settings, places, errors).Check(route, path);
            CheckConditions(route, path);
            CheckActions(route, path);
            new SplitRules(places, errors).Check(route, path);
            new MirrorRules(settings, places, errors).Check(route, path);
            modifiers.Check(route, path);
        }
    }

    private void CheckName(string name, int index, string path, Dictionary<string, int> firstIndexes)
    {
        if (!NameText.IsValid(name))
        {
            Break($"{path}.name", $"{ErrorExcerpt.Quoted(name)} cannot be the name of a route", NameText.Expected);
        }
        else if (!firstIndexes.TryAdd(name, index))
        {
            // One that has no name of its own is no mistake; the one that takes its name is.
            int first = firstIndexes[name];
            string place = places.IsSet($"{path}.name") ? path : $"route[{first}]";
            string other = place == path ? $"route[{first}]" : path;
            Break($"{place}.name", $"the route name {ErrorExcerpt.Quoted(name)} is used twice", "",
                $"also that of the route in {errors.LineOf(places.Of(other))}");
        }
    }

    private void CheckListeners(in RouteSettings route, string path)
    {
        string[] names = [.. settings.Listeners.Select(static listener => listener.Name).Where(static name => name.Length > 0)];
        for (int i = 0; i < route.Listeners.Length; i++)
        {
            string wanted = route.Listeners[i];
            string place = $"{path}.listener[{i}]";
            if (!names.Contains(wanted))
            {
                Break(place, $"there is no listener {ErrorExcerpt.Quoted(wanted)}", "one of: " + string.Join(", ", names),
                    Spelling.Hint(wanted, names));
            }
            else if (settings.Listeners.Any(listener => listener.Name == wanted && listener.Mode == ListenerMode.Forward))
            {
                Break(place, $"the listener {ErrorExcerpt.Quoted(wanted)} is in mode \"forward\", which has no routes",
                    "a listener in mode \"http\" or \"tcp\"");
            }
        }

        if (route.Listeners.IsEmpty && settings.Listeners.All(static listener => listener.Mode == ListenerMode.Forward))
            Break(path, "no listener has routes: all are in mode \"forward\"", "a listener in mode \"http\"");
    }

    private void CheckConditions(RouteSettings route, string path)
    {
        CheckEach(route.Hosts, $"{path}.host", "cannot be the host of a route", HostPatternText.Expected, HostPatternText.IsValid);
        CheckEach(route.Paths, $"{path}.path", "is no path", "\"/\" and what follows it, visible ASCII characters without ? and #", IsPath);
        CheckEach(route.PathPrefixes, $"{path}.path_prefix", "is no beginning of a path",
            "\"/\" and what follows it, visible ASCII characters without ? and #", IsPath);
        for (int i = 0; i < route.PathRegexes.Length; i++)
            CheckRegex(route.PathRegexes[i], places.Of($"{path}.path_regex[{i}]"));
        CheckEach(route.ServerNames, $"{path}.sni", "cannot be the server name of a route",
            "a name such as \"example.com\", or \"*.example.com\" for all names below it",
            static text => HostPatternText.IsValid(text) && !text.StartsWith('['));
        CheckEach(route.Ports, $"{path}.port", "is no port", PortText.Expected, static text => PortText.TryParse(text, out _));
        CheckEach(route.Methods, $"{path}.method", "is no method", "a token such as \"GET\"", TokenText.IsToken);
        CheckEach(route.Sources, $"{path}.source", "is no network", NetworkText.Expected, static text => NetworkText.TryParse(text, out _));
        CheckMatches(route.Headers, $"{path}.header", "header field", TokenText.IsToken);
        CheckMatches(route.Queries, $"{path}.query", "parameter", static _ => true);
        CheckMatches(route.Cookies, $"{path}.cookie_is", "cookie", CookieText.IsName);
    }

    private void CheckMatches(ImmutableArray<MatchSettings> matches, string path, string kind, Func<string, bool> isName)
    {
        foreach (MatchSettings match in matches)
        {
            TextPosition position = places.OfEntry(path, match.Name);
            if (!isName(match.Name))
                Add(position, $"{ErrorExcerpt.Quoted(match.Name)} cannot be the name of a {kind}", "one word without blanks and separators");
            else if (match.Kind == MatchKind.Regex)
                CheckRegex(match.Texts[0], position);
        }
    }

    private void CheckRegex(string text, TextPosition position)
    {
        if (!IsRegex(text, out string problem, out string expected))
            Add(position, problem, expected);
    }

    /// <summary>True for a regular expression that requests can be matched with.</summary>
    /// <param name="text">As the file says it.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="expected">What would be right.</param>
    public static bool IsRegex(string text, out string problem, out string expected)
    {
        problem = expected = "";
        if (text.Length == 0)
        {
            (problem, expected) = ("the regular expression is empty, so it matches everything", "\"^/user/[0-9]+$\" or the like");
            return false;
        }
        if (!Ascii.IsValid(text))
        {
            problem = $"the regular expression {ErrorExcerpt.Quoted(text)} has letters beyond ASCII, which are several bytes each in a request";
            expected = "ASCII, and such a letter as its bytes, for example \"\\\\xC3\\\\xA9\"";
            return false;
        }
        try
        {
            _ = RegexText.Make(text, ignoreCase: false);
            return true;
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            problem = $"the regular expression {ErrorExcerpt.Quoted(text)} cannot be used: {ErrorExcerpt.Printable(failure.Message)}";
            expected = "one without back-references, look-around and atomic groups";
            return false;
        }
    }

    private void CheckActions(in RouteSettings route, string path)
    {
        CheckUpstream(route.Upstream, places.Of($"{path}.upstream"));
        foreach (ShareSettings share in route.Split)
            CheckUpstream(share.Name, places.OfEntry($"{path}.split", share.Name));
        if (!route.Split.IsEmpty && route.Split.All(static share => share.Weight == 0))
            Break($"{path}.split", "all weights of this split are 0", "a weight above 0 for one upstream at least");
        CheckStatuses(route, path);
        CheckTexts(route, path);

        List<string> actions = ActionsOf(route);
        if (actions.Count > 1)
            Break($"{path}.{actions[1]}", $"the route has two actions: {string.Join(" and ", actions.Select(static one => $"\"{one}\""))}", Actions);
        else if (actions.Count == 0 && !HasBrokenAction(path))
            CheckListenersUpstream(route, path);
    }

    private static List<string> ActionsOf(in RouteSettings route)
    {
        List<string> actions = [];
        if (route.Upstream.Length > 0)
            actions.Add("upstream");
        if (!route.Split.IsEmpty)
            actions.Add("split");
        if (route.Redirect.Length > 0)
            actions.Add("redirect");
        if (route.Respond.Status != 0)
            actions.Add("respond");
        if (route.Deny != 0)
            actions.Add("deny");
        return actions;
    }

    /// <summary>Whether an action was meant that could not be read.</summary>
    private bool HasBrokenAction(string path) => ((string[])["upstream", "split", "redirect", "respond", "respond.status", "deny"])
        .Any(key => places.IsSet($"{path}.{key}") && errors.HasErrorAt(places.Of($"{path}.{key}")));

    private void CheckListenersUpstream(in RouteSettings route, string path)
    {
        if (settings.ListenersOf(route).FirstOrDefault(static listener => listener.Upstream.Length == 0) is { Name: { Length: > 0 } name })
            Break(path, $"the route has no action, and the listener {ErrorExcerpt.Quoted(name)} has no upstream", Actions);
    }

    private void CheckUpstream(string wanted, TextPosition position)
    {
        string[] names = [.. settings.Upstreams.Select(static upstream => upstream.Name).Where(static name => name.Length > 0)];
        bool isUnreadable = settings.Upstreams.IsEmpty && places.IsSet("upstream") && errors.HasErrorAt(places.Of("upstream"));
        if (wanted.Length == 0 || names.Contains(wanted) || isUnreadable)
            return;
        Add(position, $"there is no upstream {ErrorExcerpt.Quoted(wanted)}",
            names.Length > 0 ? "one of: " + string.Join(", ", names) : "an [[upstream]] with this name", Spelling.Hint(wanted, names));
    }

    private void CheckStatuses(in RouteSettings route, string path)
    {
        if (route.RedirectStatus is not (301 or 302 or 303 or 307 or 308))
            Break($"{path}.redirect_status", $"{route.RedirectStatus} is no status of a redirect", "301, 302, 303, 307 or 308");
        if (route.Deny is > 0 and < 400)
            Break($"{path}.deny", $"{route.Deny} is no status of a refusal", "\"close\", 0, or an integer from 400 to 599");
        RouteRespondSettings respond = route.Respond;
        if (respond.Status is > 0 and < 200)
        {
            Break($"{path}.respond.status", $"{respond.Status} is no status of an answer", "0, or an integer from 200 to 599");
        }
        else if (respond.Status == 0
            && (respond.Body.Length > 0 || respond.File.Length > 0 || respond.RetryAfterMs > 0 || respond.ContentType.Length > 0))
        {
            Break(places.IsSet($"{path}.respond.status") ? $"{path}.respond.status" : $"{path}.respond",
                "the answer of [route.respond] has no status", "status = 200 or the like");
        }
    }

    /// <summary>What goes into header fields.</summary>
    private void CheckTexts(in RouteSettings route, string path)
    {
        if (route.Upgrade.Length > 1 && route.Upgrade.Contains(RouteSettings.NoUpgrade))
            Break($"{path}.upgrade", "\"none\" is no protocol", "names of protocols, or [\"none\"] alone");
        if (route.Redirect.AsSpan().ContainsAnyExceptInRange('!', '~'))
            Break($"{path}.redirect", $"{ErrorExcerpt.Quoted(route.Redirect)} cannot be a Location field", "visible ASCII characters");
        else if (!TemplateText.TryParse(route.Redirect, out ImmutableArray<TemplatePart> parts, out string problem))
            Break($"{path}.redirect", $"{ErrorExcerpt.Quoted(route.Redirect)}: {problem}", TemplateText.Expected);
        else if (parts.Any(static part => !TemplateText.IsOfTargets(part.Kind)))
            Break($"{path}.redirect", $"{ErrorExcerpt.Quoted(route.Redirect)} names what is not known yet", TemplateText.Expected);
        if (!HostHeaderText.IsValid(route.HostHeader))
            Break($"{path}.host_header", $"{ErrorExcerpt.Quoted(route.HostHeader)} cannot be a Host field", HostHeaderText.Expected);
        if (System.Text.Encoding.UTF8.GetByteCount(route.Respond.Body) > ErrorPageText.BytesMax)
            Break($"{path}.respond.body", "the body of an answer is too long", "at most 32KiB");
        if (route.Respond.Body.Length > 0 && route.Respond.File.Length > 0)
            Break($"{path}.respond.file", "the answer has two bodies: \"body\" and \"file\"", "one of the two");
        string type = route.Respond.ContentType;
        if (type.Trim() != type || type.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            Break($"{path}.respond.content_type", $"{ErrorExcerpt.Quoted(type)} cannot be a Content-Type field",
                "visible ASCII characters and blanks");
        }
    }

    /// <summary>True for a path as files name it: visible ASCII characters, no query.</summary>
    public static bool IsPath(string text) =>
        text.StartsWith('/') && !text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.AsSpan().ContainsAny('?', '#');

    private void CheckEach(ImmutableArray<string> items, string path, string problem, string expected, Func<string, bool> isSound)
    {
        for (int i = 0; i < items.Length; i++)
        {
            if (!isSound(items[i]))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(items[i])} {problem}", expected);
        }
    }

    private void Break(string path, string problem, string expected, string hint = "")
    {
        if (places.IsSet(path))
            Add(places.Of(path), problem, expected, hint);
    }

    /// <summary>Adds an error unless the value is wrong in itself: the binder has said so then.</summary>
    private void Add(TextPosition position, string problem, string expected, string hint = "")
    {
        if (!errors.HasErrorAt(position))
            errors.Add(position, problem, expected, hint);
    }
}
