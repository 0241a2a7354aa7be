using System.Collections.Generic;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>How far a refused request may have come.</summary>
internal enum RefusedWhere
{
    /// <summary>In its head: no connection to a server is opened.</summary>
    InHead,

    /// <summary>In its body: the head may have gone out already; the server is reset before it can see an end of the request.</summary>
    InBody,
}

/// <summary>One row of the table of src/NativeProxy/Http1/FRAMING.md, requests. Immutable once built.</summary>
internal sealed class RequestCase(string key, RefusedWhere where = RefusedWhere.InHead)
{
    private readonly List<(int Status, string Request)> _refused = [];
    private readonly List<(string Request, string AtServer)> _passed = [];

    /// <summary>The row's key in the table.</summary>
    public string Key => key;

    public RefusedWhere Where => where;

    /// <summary>Requests that must not reach a server, with the status of the answer.</summary>
    public IReadOnlyList<(int Status, string Request)> Refused => _refused;

    /// <summary>The nearest requests that are legal, and the bytes that the server then gets.</summary>
    public IReadOnlyList<(string Request, string AtServer)> Passed => _passed;

    public RequestCase Refuse(int status, params string[] requests)
    {
        foreach (string request in requests)
            _refused.Add((status, request));
        return this;
    }

    public RequestCase Pass(string request, string atServer)
    {
        _passed.Add((request, atServer));
        return this;
    }

    /// <summary>It passes byte for byte.</summary>
    public RequestCase Pass(string request) => Pass(request, request);
}
