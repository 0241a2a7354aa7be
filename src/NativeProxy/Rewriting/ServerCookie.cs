using System;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Rewriting;

/// <summary>What the stickiness cookie says for one server, written out once so that a response only copies it. Immutable.</summary>
internal sealed class ServerCookie
{
    private readonly byte[] _value;
    private readonly byte[] _insertedPair;
    private readonly byte[] _insertedAttributes;

    private ServerCookie(in UpstreamCookieSettings settings, string value)
    {
        _value = Encoding.ASCII.GetBytes(value);
        bool isInserted = settings.Mode == CookieMode.Insert;
        _insertedPair = isInserted ? Encoding.ASCII.GetBytes($"{settings.Name}={value}") : [];
        _insertedAttributes = isInserted ? Encoding.ASCII.GetBytes(AttributesOf(settings)) : [];
        IsPrivate = isInserted && settings.NoCache;
    }

    /// <summary>The value that stands for the server.</summary>
    public ReadOnlySpan<byte> Value => _value;

    /// <summary>Name and value of the cookie that mode "insert" adds to a response; empty in the other modes.</summary>
    public ReadOnlySpan<byte> InsertedPair => _insertedPair;

    /// <summary>What follows the value.</summary>
    public ReadOnlySpan<byte> InsertedAttributes => _insertedAttributes;

    /// <summary>A response with the cookie also gets "Cache-Control: private".</summary>
    public bool IsPrivate { get; }

    /// <summary>What these settings say for the server, or null when the group has no cookie.</summary>
    public static ServerCookie? Of(in UpstreamCookieSettings settings, in UpstreamServerSettings server) =>
        settings.Mode == CookieMode.Off ? null : new ServerCookie(settings, server.CookieValueIn(settings));

    private static string AttributesOf(in UpstreamCookieSettings settings)
    {
        var text = new StringBuilder($"; Path={settings.Path}");
        if (settings.Domain.Length > 0)
            text.Append("; Domain=").Append(settings.Domain);
        if (settings.HttpOnly)
            text.Append("; HttpOnly");
        if (settings.Secure)
            text.Append("; Secure");
        text.Append(settings.SameSite switch
        {
            SameSiteKind.Lax => "; SameSite=Lax",
            SameSiteKind.Strict => "; SameSite=Strict",
            SameSiteKind.None => "; SameSite=None",
            _ => "",
        });
        return text.ToString();
    }
}
