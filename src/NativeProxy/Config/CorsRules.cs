using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `cors` of routes and policies. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class CorsRules(SettingPlaces places, SettingsErrors errors)
{
    private const string All = "*";

    /// <summary>Checks one table.</summary>
    /// <param name="cors">The table.</param>
    /// <param name="path">Of it.</param>
    public void Check(CorsSettings cors, string path)
    {
        if (!places.IsSet(path))
            return;
        if (cors.AllowOrigins.IsEmpty && !IsWrittenOut(path))
        {
            string place = places.IsSet($"{path}.allow_origins") ? $"{path}.allow_origins" : path;
            Break(place, "no site is named whose pages this is about", OriginText.Expected);
        }
        for (int i = 0; i < cors.AllowOrigins.Length; i++)
        {
            string origin = cors.AllowOrigins[i];
            if (origin != All && !OriginText.IsValid(origin, out string problem))
                Break($"{path}.allow_origins[{i}]", $"{ErrorExcerpt.Quoted(origin)} {problem}", OriginText.Expected);
        }
        if (cors.AllowOrigins.Length > 1 && cors.AllowOrigins.Contains(All))
            Break($"{path}.allow_origins", "\"*\" is every site, so that the others say nothing", "[\"*\"], or sites without it");
        CheckTokens(cors.AllowMethods, $"{path}.allow_methods", "method");
        CheckTokens(cors.AllowHeaders, $"{path}.allow_headers", "header field");
        CheckTokens(cors.ExposeHeaders, $"{path}.expose_headers", "header field");
        if (!cors.Credentials)
            return;
        if (cors.AllowOrigins.Contains(All))
            Break($"{path}.credentials", "with \"*\" the pages of every site would act as the user who looks at them", "the sites that may, by name");
        foreach ((string key, ImmutableArray<string> list) in ((string, ImmutableArray<string>)[])
            [("allow_methods", cors.AllowMethods), ("allow_headers", cors.AllowHeaders), ("expose_headers", cors.ExposeHeaders)])
        {
            if (list.Contains(All))
                Break($"{path}.{key}", "\"*\" means nothing to browsers where credentials = true (Fetch 3.2.3)", "names");
        }
    }

    /// <summary>The reference, uncommented, says every default; whoever leaves a key out means something by the others.</summary>
    private bool IsWrittenOut(string path) =>
        ((string[])["allow_origins", "allow_methods", "allow_headers", "expose_headers", "credentials", "max_age"])
            .All(key => places.IsSet($"{path}.{key}"));

    private void CheckTokens(ImmutableArray<string> names, string path, string kind)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (!TokenText.IsToken(names[i]))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(names[i])} is no name of a {kind}", "a name, or \"*\"");
        }
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
