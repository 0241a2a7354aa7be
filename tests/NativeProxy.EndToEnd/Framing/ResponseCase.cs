using System.Collections.Generic;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>What becomes of a response that must not be believed.</summary>
internal enum ResponseFate
{
    /// <summary>The client gets a 502 and nothing of the response.</summary>
    Refused,

    /// <summary>The head was sound and may have gone out: the client's connection ends before an end of the body.</summary>
    Cut,
}

/// <summary>One row of the table of src/NativeProxy/Http1/FRAMING.md, responses. Immutable once built.</summary>
internal sealed class ResponseCase(string key, ResponseFate fate = ResponseFate.Refused)
{
    private readonly List<(string Method, string Response)> _bad = [];
    private readonly List<(string Method, string Response, string AtClient, bool IsPooled)> _passed = [];

    /// <summary>The row's key in the table.</summary>
    public string Key => key;

    public ResponseFate Fate => fate;

    /// <summary>Responses of which nothing may be taken for an answer.</summary>
    public IReadOnlyList<(string Method, string Response)> Bad => _bad;

    /// <summary>The nearest legal responses, what the client then gets, and whether the server connection may be used again.</summary>
    public IReadOnlyList<(string Method, string Response, string AtClient, bool IsPooled)> Passed => _passed;

    public ResponseCase Refuse(params string[] responses) => RefuseTo("GET", responses);

    public ResponseCase RefuseTo(string method, params string[] responses)
    {
        foreach (string response in responses)
            _bad.Add((method, response));
        return this;
    }

    /// <summary>It passes byte for byte, and the server connection is pooled.</summary>
    public ResponseCase Pass(string response) => Pass(response, response);

    public ResponseCase Pass(string response, string atClient)
    {
        _passed.Add(("GET", response, atClient, true));
        return this;
    }

    /// <summary>The client gets this much, and the server connection is not used again.</summary>
    public ResponseCase PassOnce(string method, string response, string atClient)
    {
        _passed.Add((method, response, atClient, false));
        return this;
    }

    public ResponseCase PassTo(string method, string response, string atClient)
    {
        _passed.Add((method, response, atClient, true));
        return this;
    }
}
