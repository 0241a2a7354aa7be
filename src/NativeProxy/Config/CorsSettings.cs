using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`cors` of a route or a policy: which pages of other sites may use what is there (Fetch 3.2). The innermost table counts.</summary>
[SettingsTable(Doc = "Which pages of other sites may use these resources (CORS). The proxy answers preflight requests and says in each answer what "
    + "is allowed; what servers say of that is dropped. The table of a route counts as a whole, else that of its last policy that has one.")]
internal readonly partial struct CorsSettings
{
    [Setting("allow_origins", Default = new string[0],
        Doc = "Sites, such as \"https://app.example\", \"https://*.dev.example\" for all below it, or \"*\" for all. Empty = no CORS.")]
    public partial ImmutableArray<string> AllowOrigins { get; init; }

    [Setting("allow_methods", Default = new[] { "GET", "HEAD", "POST" }, Doc = "Methods that their pages may use; \"*\" = all.")]
    public partial ImmutableArray<string> AllowMethods { get; init; }

    [Setting("allow_headers", Default = new string[0], Doc = "Request header fields that their pages may set; \"*\" = all but Authorization.")]
    public partial ImmutableArray<string> AllowHeaders { get; init; }

    [Setting("expose_headers", Default = new string[0], Doc = "Response header fields that their pages may read; \"*\" = all.")]
    public partial ImmutableArray<string> ExposeHeaders { get; init; }

    [Setting("credentials", Default = false, Doc = "Whether cookies and logins go with these requests; not with \"*\" anywhere.")]
    public partial bool Credentials { get; init; }

    [Setting("max_age", Default = "10m", Max = "24h", Doc = "How long browsers keep the answer to a preflight request. \"0s\" = not at all.")]
    public partial long MaxAgeMs { get; init; }

    /// <summary>Nothing is said of other sites.</summary>
    public bool IsEmpty => AllowOrigins.IsDefaultOrEmpty;
}
