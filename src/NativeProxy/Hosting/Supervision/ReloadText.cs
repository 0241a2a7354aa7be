using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;

namespace NativeProxy.Hosting.Supervision;

/// <summary>The line that says what a reload has changed.</summary>
internal static class ReloadText
{
    /// <summary>Longer lines are cut between two changes, and the number of those left out is told.</summary>
    private const int CharsMax = 1000;

    /// <summary>Files that are named; of more the number is told.</summary>
    private const int FilesMax = 8;

    /// <summary>The line.</summary>
    /// <param name="before">The settings that were in force.</param>
    /// <param name="after">Those that are now, so that keys which a reload does not change are as before (<see cref="FixedSettings.Keep"/>).</param>
    /// <param name="files">Files that the settings name and that hold something else now.</param>
    public static string Of(in ProxySettings before, in ProxySettings after, IReadOnlyList<string> files)
    {
        IReadOnlyList<SettingChange> changes = SettingsChanges.Between(before, after);
        if (changes.Count == 0 && files.Count == 0)
            return "reloaded: nothing changed";
        StringBuilder line = new("reloaded: ");
        if (files.Count > 0)
            line.Append("exchanged ").AppendJoin(", ", files.Take(FilesMax));
        if (files.Count > FilesMax)
            line.Append($" and {files.Count - FilesMax} more");
        if (files.Count > 0 && changes.Count > 0)
            line.Append("; ");
        string? owner = null;
        for (int i = 0; i < changes.Count; i++)
        {
            SettingChange change = changes[i];
            if (i > 0 && line.Length + change.Owner.Length + change.Text.Length > CharsMax)
                return line.Append($"; and {changes.Count - i} more").ToString();
            if (change.Owner == owner)
                line.Append(", ");
            else if (i > 0)
                line.Append("; ");
            if (change.Owner != owner && change.Owner.Length > 0)
                line.Append(change.Owner).Append(": ");
            line.Append(change.Text);
            owner = change.Owner;
        }

        return line.ToString();
    }
}
