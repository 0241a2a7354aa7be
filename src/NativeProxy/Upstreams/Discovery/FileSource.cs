using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>
/// The servers of a JSON file, which is looked at every second and read when it has changed. One that is being written is no list, and the last good
/// one stays. Control plane.
/// </summary>
/// <param name="finder">Looks names up.</param>
/// <param name="settings">Which file.</param>
internal sealed class FileSource(NameFinder finder, UpstreamDiscoverySettings settings) : ServerSource
{
    private const long LookEveryMs = 1000;

    private FileVersion _version;
    private List<ListedServer>? _listed;
    private string _problem = "";

    public override string Name => $"the file \"{settings.Path}\"";

    /// <inheritdoc/>
    public override async Task<SourceAnswer> Find()
    {
        FileVersion now = FileVersion.Of(settings.Path);
        if (!now.Exists)
        {
            (_problem, _version) = ("there is no such file", default);
        }
        else if (now != _version || _listed is null)
        {
            _version = now;
            Read();
        }
        return _listed is { } listed && _problem.Length == 0
            ? await ListedServer.FindAll(finder, listed, settings, LookEveryMs, "the file")
            : SourceAnswer.Failed(_problem);
    }

    private void Read()
    {
        try
        {
            if (_version.Length > ServerListText.BytesMax)
                _problem = "it is too long";
            else if (ServerListText.TryRead(File.ReadAllBytes(settings.Path), out List<ListedServer> listed, out _problem))
                _listed = listed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (_problem, _version) = (e.Message, default);
        }
    }
}
