using System;
using NativeProxy.Credentials;
using NativeProxy.Http;

namespace NativeProxy.Exchanges;

/// <summary>
/// Who asks, for one request by a route that lets in only those who log in. Owner: an <see cref="Exchange"/>, made when the first such request comes
/// and used again; thread: the loop. Never answers.
/// </summary>
/// <param name="checker">Says whether a login is right.</param>
/// <param name="decided">Called when a password has been computed.</param>
internal sealed class LoginGate(PasswordChecker checker, Action<bool> decided) : IPasswordWaiter
{
    private readonly RequestUser _user = new();
    private PasswordCheck? _check;
    private byte[] _challenge = [];

    /// <summary>What a client is asked for, as a line; empty for one that has been let in.</summary>
    public ReadOnlySpan<byte> Challenge => _challenge;

    /// <summary>What a route that answers by itself will say once the login was right.</summary>
    public byte[] HeldAnswer { get; set; } = [];

    /// <summary>
    /// A request has come: what is to be said of its login at once. The password does not go on, nor does what the client says of a user.
    /// </summary>
    /// <param name="rule">Of its route.</param>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    public LoginResult Begin(LoginRule rule, ReadOnlySpan<byte> bytes, RequestHead head)
    {
        Span<byte> room = stackalloc byte[BasicCredentials.BytesMax];
        ReadOnlySpan<byte> login = room[..BasicCredentials.Read(bytes, head.Fields, room)];
        LoginResult result = login.IsEmpty ? LoginResult.Wrong : checker.Begin(rule.Users, login, this, out _check);
        _challenge = result is LoginResult.Right or LoginResult.Busy ? [] : rule.Challenge;
        rule.DropFrom(bytes, head.Fields);
        if (login.IsEmpty)
            return result;
        _user.Set(login[..login.IndexOf((byte)':')], rule.UserField);
        head.User = _user;
        return result;
    }

    public void OnPasswordChecked(bool isRight)
    {
        _check = null;
        if (isRight)
            _challenge = [];
        decided(isRight);
    }

    /// <summary>Nobody wants to know any more whether the login is right.</summary>
    public void StopWaiting()
    {
        _check?.Leave(this);
        _check = null;
    }

    /// <summary>The request is over, in whichever way.</summary>
    public void End()
    {
        StopWaiting();
        _challenge = [];
        HeldAnswer = [];
    }
}
