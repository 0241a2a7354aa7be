using System;
using System.IO;

namespace NativeProxy.Foundation;

/// <summary>
/// What tells one state of a file from another: when it was written, and how long it is. A link is the file that it leads to: what is mounted from
/// elsewhere, as Kubernetes does with a ConfigMap, changes behind a link that stays as it is. A value.
/// </summary>
/// <param name="Exists">There is such a file.</param>
/// <param name="ChangedAt">Its last change.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct FileVersion(bool Exists, DateTime ChangedAt, long Length)
{
    /// <summary>Looks at a file; links in a circle are none.</summary>
    public static FileVersion Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
                file = target;
            return file.Exists ? new FileVersion(true, file.LastWriteTimeUtc, file.Length) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
