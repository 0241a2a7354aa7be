using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Pipes;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>The servers of a JSON document behind an http:// URL. Immutable; control plane.</summary>
/// <param name="finder">Looks names up.</param>
/// <param name="settings">Which URL.</param>
internal sealed class HttpSource(NameFinder finder, UpstreamDiscoverySettings settings) : ServerSource
{
    /// <summary>How long one look may take, the name's included.</summary>
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(5);

    public override string Name => $"\"{settings.Url}\"";

    /// <inheritdoc/>
    public override async Task<SourceAnswer> Find()
    {
        // The settings rules have refused what is no URL.
        HttpUrl.TryParse(settings.Url, out HttpUrl url);
        NameAnswer host = await finder.Find(url.Host);
        if (host.Outcome != NameOutcome.Found)
            return SourceAnswer.Failed(host.Why);
        string problem = "";
        using var over = new CancellationTokenSource(LookLimit);
        foreach (IPAddress address in host.Addresses)
        {
            HttpDocument document = await HttpDocument.Get(
                new IPEndPoint(address, url.Port), url.Authority, url.Target, ServerListText.BytesMax, over.Token);
            problem = document.Problem;
            if (problem.Length == 0 && ServerListText.TryRead(document.Content, out List<ListedServer> listed, out problem))
                return await ListedServer.FindAll(finder, listed, settings, settings.IntervalMs, "the list there");
        }
        return SourceAnswer.Failed(problem);
    }
}
