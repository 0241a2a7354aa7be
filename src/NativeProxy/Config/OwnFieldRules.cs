using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// No rule on header fields may write a field that the proxy itself writes because a key of the listener says so: nobody could tell whose word it is.
/// Those that are its own in any case are in <see cref="HeaderRuleRules"/>. Appends every breach to the errors. Lives for one load.
/// </summary>
internal sealed class OwnFieldRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    public void CheckAll()
    {
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            ListenerSettings listener = settings.Listeners[i];
            Check(listener.RequestHeaders, $"listener[{i}].request_headers", OfRequests(listener));
            Check(listener.ResponseHeaders, $"listener[{i}].response_headers", OfResponses(listener));
        }
        for (int i = 0; i < settings.Policies.Length; i++)
        {
            PolicySettings policy = settings.Policies[i];
            ListenerSettings[] listeners = [.. settings.ListenersOf(policy)];
            Check(policy.RequestHeaders, $"policy[{i}].request_headers", listeners.SelectMany(static listener => OfRequests(listener)));
            Check(policy.ResponseHeaders, $"policy[{i}].response_headers", listeners.SelectMany(static listener => OfResponses(listener)));
        }
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            RouteSettings route = settings.Routes[i];
            ListenerSettings[] listeners = [.. settings.ListenersOf(route)];
            Check(route.RequestHeaders, $"route[{i}].request_headers", listeners.SelectMany(static listener => OfRequests(listener)));
            Check(route.ResponseHeaders, $"route[{i}].response_headers", listeners.SelectMany(static listener => OfResponses(listener)));
        }
    }

    /// <summary>Names and the keys that make them the proxy's own.</summary>
    private static IEnumerable<(string Name, string Key)> OfRequests(ListenerSettings listener)
    {
        ListenerForwardedSettings forwarded = listener.Forwarded;
        if (forwarded.XForwardedPort)
            yield return ("X-Forwarded-Port", "forwarded.x_forwarded_port");
        if (forwarded.XRealIp)
            yield return ("X-Real-IP", "forwarded.x_real_ip");
        if (forwarded.XOriginalTo)
            yield return ("X-Original-To", "forwarded.x_original_to");
        if (forwarded.Forwarded)
            yield return ("Forwarded", "forwarded.forwarded");
        if (listener.Trace.RequestId != RequestIdPolicy.Off)
            yield return (listener.Trace.RequestIdHeader, "trace.request_id");
        if (listener.Trace.TraceParent != TraceParentPolicy.Pass)
            yield return ("traceparent", "trace.traceparent");
    }

    private static IEnumerable<(string Name, string Key)> OfResponses(ListenerSettings listener)
    {
        if (listener.Trace is { RequestIdResponse: true, RequestId: not RequestIdPolicy.Off })
            yield return (listener.Trace.RequestIdHeader, "trace.request_id_response");
    }

    private void Check(in HeaderRuleSettings rules, string path, IEnumerable<(string Name, string Key)> own)
    {
        (string Name, string Key)[] names = [.. own];
        Check(rules.Set, $"{path}.set", names);
        Check(rules.Add, $"{path}.add", names);
        Check(rules.Default, $"{path}.default", names);
    }

    private void Check(ImmutableArray<NamedText> texts, string path, (string Name, string Key)[] own)
    {
        foreach (NamedText one in texts)
        {
            string? key = Array.Find(own, name => name.Name.Equals(one.Name, StringComparison.OrdinalIgnoreCase)).Key;
            if (key is not null && places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
                errors.Add(places.Of(path), $"{ErrorExcerpt.Quoted(one.Name)} is the proxy's own: {key} of the listener sets it", "another name");
        }
    }
}
