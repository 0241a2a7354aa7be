using System;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Rewriting;

/// <summary>What the stickiness cookie says for one server, written out once so that a response only copies it. Immutable.</summary>
internal sealed class ServerCookie
{
    private readonly byte[] _value;
    private readonly byte[] _insertedLines;

    private ServerCookie(in UpstreamCookieSettings settings, string value)
    {
        _value = Encoding.ASCII.GetBytes(value);
        _insertedLines = settings.Mode == CookieMode.Insert ? Encoding.ASCII.GetBytes(LinesOf(settings, value)) : [];
    }

    /// <summary>The value that stands for the server.</summary>
    public ReadOnlySpan<byte> Value => _value;

    /// <summary>Whole field lines that mode "insert" adds to a response; empty in the other modes.</summary>
    public ReadOnlySpan<byte> InsertedLines => _insertedLines;

    /// <summary>What these settings say for the server, or null when the group has no cookie.</summary>
    public static ServerCookie? Of(in UpstreamCookieSettings settings, in UpstreamServerSettings server) =>
        settings.Mode == CookieMode.Off ? null : new ServerCookie(settings, server.CookieValue);

    private static string LinesOf(in UpstreamCookieSettings settings, string value)
    {
        var text = new StringBuilder($"Set-Cookie: {settings.Name}={value}; Path={settings.Path}");
        if (settings.Domain.Length > 0)
            text.Append("; Domain=").Append(settings.Domain);
        if (settings.HttpOnly)
            text.Append("; HttpOnly");
        if (settings.Secure)
            text.Append("; Secure");
        text.Append(settings.SameSite switch
        {
            SameSiteKind.Lax => "; SameSite=Lax\r\n",
            SameSiteKind.Strict => "; SameSite=Strict\r\n",
            SameSiteKind.None => "; SameSite=None\r\n",
            _ => "\r\n",
        });
        if (settings.NoCache)
            text.Append("Cache-Control: private\r\n");
        return text.ToString();
    }
}
