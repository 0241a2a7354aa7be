namespace NativeProxy.Config;

/// <summary>Whether servers are told by a PROXY header who the client of a connection is.</summary>
internal enum ProxyHeaderVersion
{
    [SettingChoice("off", Doc = "they are not")]
    Off,

    [SettingChoice("v1", Doc = "by a line of text")]
    V1,

    [SettingChoice("v2", Doc = "by a binary header")]
    V2,
}

/// <summary>The same of one server.</summary>
internal enum ServerProxyHeader
{
    [SettingChoice("upstream", Doc = "as its upstream says")]
    Upstream,

    [SettingChoice("off", Doc = "it is not told")]
    Off,

    [SettingChoice("v1", Doc = "by a line of text")]
    V1,

    [SettingChoice("v2", Doc = "by a binary header")]
    V2,
}
