using System;
using System.Collections.Generic;

namespace NativeProxy.Config;

/// <summary>Which texts of a route name groups of its path_regex. Pure.</summary>
internal static class CaptureTexts
{
    /// <summary>The highest number of a group that a text of the route itself names; 0 when none does.</summary>
    public static int GroupsOf(in RouteSettings route)
    {
        int most = Math.Max(TemplateText.GroupsOf(route.Redirect), TemplateText.GroupsOf(route.ReplacePath));
        return Math.Max(most, GroupsOf(route.RequestHeaders));
    }

    /// <summary>The same for the values of header rules.</summary>
    public static int GroupsOf(in HeaderRuleSettings rules)
    {
        int most = 0;
        foreach (IEnumerable<NamedText> texts in (IEnumerable<NamedText>[])[rules.Set, rules.Add, rules.Default])
        {
            foreach (NamedText text in texts)
                most = Math.Max(most, TemplateText.GroupsOf(text.Text));
        }
        return most;
    }
}
