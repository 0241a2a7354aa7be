using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[recorder]`: what is kept of messages that were refused.</summary>
[SettingsTable(Doc = "The flight recorder: the last messages that were refused, with their bytes (`nativeproxy errors`), and what is hidden in them "
    + "and in recorded connections (`nativeproxy record`).")]
internal readonly partial struct RecorderSettings
{
    [Setting("messages", Default = 16, Max = 64,
        Doc = "Refused messages that each worker keeps, of clients, and as many of servers. 0 = none.")]
    public partial int Messages { get; init; }

    [Setting("message_bytes", Default = "2KiB", Min = 64, Max = "4KiB",
        Doc = "Bytes that are kept of one of them, around the place where it broke.")]
    public partial long MessageBytes { get; init; }

    [Setting("redact", Default = true,
        Doc = "Whether the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie, and the data of bodies, are overwritten with \"*\" "
        + "before they are kept. Lengths and places stay.")]
    public partial bool Redact { get; init; }

    [Setting("redact_headers", Default = new string[0], Pattern = TokenText.Pattern,
        Doc = "Further header fields whose values are overwritten, such as \"X-Api-Key\".")]
    public partial ImmutableArray<string> RedactHeaders { get; init; }

    [Setting("redact_query", Default = false, Doc = "Whether the values in the query of a target are overwritten, too.")]
    public partial bool RedactQuery { get; init; }
}
