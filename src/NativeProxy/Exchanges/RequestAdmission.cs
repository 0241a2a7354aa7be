using System;
using NativeProxy.Credentials;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Routing;

namespace NativeProxy.Exchanges;

/// <summary>Whether a request may go on.</summary>
internal enum Admission : byte
{
    /// <summary>It may, perhaps after the wait that a limit asks for.</summary>
    Granted,

    /// <summary>A browser only asks what a page may do: it is told.</summary>
    Preflight,

    /// <summary>It is too many.</summary>
    Limited,

    /// <summary>Its client has to log in.</summary>
    LoginRequired,

    /// <summary>Too many logins are looked at.</summary>
    TooManyLogins,

    /// <summary>Its login is looked at; the user is told.</summary>
    Pending,
}

/// <summary>Whose requests a <see cref="RequestAdmission"/> looks at. Calls come on the loop thread.</summary>
internal interface IAdmissionUser
{
    /// <summary>The request has waited as long as a limit wanted.</summary>
    void OnWaited();

    /// <summary>The login was looked at, and is right or not.</summary>
    void OnLogin(bool isRight);
}

/// <summary>
/// What stands in front of one request's way by its route, in the order of the phases: limits, preflight requests, logins. A preflight request comes
/// without a login, so it is answered before one is asked for (Fetch 4.8). Owner: an <see cref="Exchange"/>, made when the first request comes that
/// has to be let in, and used again; thread: the loop. Never answers.
/// </summary>
/// <param name="service">What exchanges share.</param>
/// <param name="user">Whose requests.</param>
internal sealed class RequestAdmission(RequestService service, IAdmissionUser user)
{
    /// <summary>Each null until a request comes that needs it.</summary>
    private RequestLimits? _limits;
    private LoginGate? _login;
    private CrossOriginNote? _crossOrigin;

    /// <summary>Under which the log names the limit that the request has passed over; 0 = none.</summary>
    public int LimitLogId => _limits?.LogId ?? 0;

    /// <summary>Why a request is too many.</summary>
    public ProxyError LimitError => _limits!.Error;

    /// <summary>Of the answer to a request that is too many.</summary>
    public int LimitStatusCode => _limits!.StatusCode;

    /// <summary>A redirect that is held until the login was looked at; empty when there is none.</summary>
    public ReadOnlySpan<byte> HeldRedirect => _login is null ? default : _login.HeldAnswer;

    /// <summary>Says what the client is told of the request.</summary>
    public void AddTo(OwnFields fields)
    {
        if (_limits is not null)
            fields.Add(_limits.Lines);
        if (_login is not null)
            fields.Add(_login.Challenge);
        if (_crossOrigin is not null)
            fields.Add(_crossOrigin.Lines);
    }

    /// <summary>A request has come.</summary>
    /// <param name="route">Of the request.</param>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    public Admission Begin(Route route, ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client)
    {
        bool isPreflight = route.CrossOrigin is not null && (_crossOrigin ??= new CrossOriginNote()).Begin(route.CrossOrigin, bytes, head);
        if (route.Limits is not null && !TryPassLimits(route, bytes, head, client))
            return Admission.Limited;
        if (isPreflight && route.Refusal == ProxyError.None)
            return Admission.Preflight;

        // What ends here because of Max-Forwards shows nothing of what is behind the login, unless the route knows the answer itself.
        if (route.Login is null || (head.MaxForwards == 0 && !route.EndsHere))
            return Admission.Granted;
        _login ??= new LoginGate(service.Stock.Passwords, user.OnLogin);
        return _login.Begin(route.Login, bytes, head) switch
        {
            LoginResult.Right => Admission.Granted,
            LoginResult.Pending => Admission.Pending,
            LoginResult.Busy => Admission.TooManyLogins,
            _ => Admission.LoginRequired,
        };
    }

    /// <summary>Begins the wait that a limit asks for. False when none does.</summary>
    public bool TryWait()
    {
        if (_limits is not { WaitMs: > 0 })
            return false;
        _limits.Wait();
        return true;
    }

    /// <summary>Keeps a redirect until the login was looked at.</summary>
    public void Hold(ReadOnlySpan<byte> redirect) => _login!.HeldAnswer = redirect.ToArray();

    /// <summary>
    /// The request has failed while it waited: its turn must not come any more, though the answer to it may have to wait for those before.
    /// </summary>
    public void StopWaiting()
    {
        _limits?.StopWaiting();
        _login?.StopWaiting();
    }

    /// <summary>The request is over, in whichever way.</summary>
    /// <param name="statusCode">Of its answer; 0 when there was none.</param>
    public void End(int statusCode)
    {
        _limits?.End(statusCode);
        _login?.End();
        _crossOrigin?.End();
    }

    private bool TryPassLimits(Route route, ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client)
    {
        _limits ??= new RequestLimits(service.Loop, service.Counters, user.OnWaited);

        // What needs no server has nothing to wait for.
        long queueMs = route.Timeouts.QueueMs > 0 ? route.Timeouts.QueueMs : route.Upstream.Rules.QueueTimeoutMs;
        long waitMsMax = route.EndsHere || head.MaxForwards == 0 ? 0 : queueMs > 0 ? queueMs : int.MaxValue;
        return _limits.TryBegin(route.Limits!, bytes, head, client, waitMsMax);
    }
}
