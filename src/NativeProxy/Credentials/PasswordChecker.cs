using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Credentials;

/// <summary>What is known of a login at once.</summary>
internal enum LoginResult : byte
{
    /// <summary>It was right a moment ago.</summary>
    Right,

    /// <summary>There is none, or nobody has it.</summary>
    Wrong,

    /// <summary>It is being computed; who waits is told.</summary>
    Pending,

    /// <summary>Too many are being computed.</summary>
    Busy,
}

/// <summary>
/// Says whether logins are right: those of a moment ago at once, others when their password has been computed on another thread, once for all
/// requests that bring it. Owner: the worker; thread: the loop. Never computes a password itself.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
internal sealed class PasswordChecker(EventLoop loop, LoopCounters counters)
{
    /// <summary>Requests that wait for the same login; more are too many.</summary>
    private const int WaitingMax = 1024;

    private readonly byte[] _secret = SystemRandom.GetBytes(32);
    private readonly VerifiedLogins _verified = new();
    private readonly PasswordThreads _threads = new();
    private readonly List<PasswordCheck> _running = [];

    public EventLoop Loop => loop;

    /// <summary>Asks for a login.</summary>
    /// <param name="users">Who may ask.</param>
    /// <param name="login">"name:password".</param>
    /// <param name="waiter">Is told when the result is <see cref="LoginResult.Pending"/>.</param>
    /// <param name="check">What it waits for then.</param>
    public LoginResult Begin(UserTable users, ReadOnlySpan<byte> login, IPasswordWaiter waiter, out PasswordCheck? check)
    {
        check = null;
        if (users.IsEmpty)
            return LoginResult.Wrong;
        Span<byte> text = stackalloc byte[VerifiedLogins.KeyBytes + BasicCredentials.BytesMax];
        Span<byte> key = stackalloc byte[VerifiedLogins.KeyBytes];
        users.Sum.CopyTo(text);
        login.CopyTo(text[VerifiedLogins.KeyBytes..]);
        HMACSHA256.HashData(_secret, text[..(VerifiedLogins.KeyBytes + login.Length)], key);
        CryptographicOperations.ZeroMemory(text);
        if (_verified.Contains(key, loop.Clock.NowMs))
            return LoginResult.Right;
        check = FindRunning(key) ?? TryCompute(users, login, key);
        if (check is null || check.Waiting.Count >= WaitingMax)
        {
            check = null;
            counters.Add(CounterId.PasswordChecksRefused);
            return LoginResult.Busy;
        }
        check.Waiting.Add(waiter);
        return LoginResult.Pending;
    }

    /// <summary>Nobody waits for it any more, and nobody joins it.</summary>
    public void Left(PasswordCheck check) => _running.Remove(check);

    /// <summary>A password was computed, unless nobody wanted to know it any more.</summary>
    public void Ended(PasswordCheck check)
    {
        _running.Remove(check);
        if (check.WasSkipped)
            return;
        counters.Add(check.IsRight ? CounterId.PasswordsRight : CounterId.PasswordsWrong);
        if (check.IsRight)
            _verified.Add(check.Key, loop.Clock.NowMs);
        while (check.Waiting.Count > 0)
        {
            IPasswordWaiter waiter = check.Waiting[^1];
            check.Waiting.RemoveAt(check.Waiting.Count - 1);
            waiter.OnPasswordChecked(check.IsRight);
        }
    }

    private PasswordCheck? FindRunning(ReadOnlySpan<byte> key)
    {
        foreach (PasswordCheck check in _running)
        {
            if (check.Key.SequenceEqual(key))
                return check;
        }
        return null;
    }

    private PasswordCheck? TryCompute(UserTable users, ReadOnlySpan<byte> login, ReadOnlySpan<byte> key)
    {
        int colon = login.IndexOf((byte)':');
        string hash = users.HashOf(login[..colon], out bool isKnown);
        var check = new PasswordCheck(this, key.ToArray(), hash, login[(colon + 1)..].ToArray(), isKnown);
        if (!_threads.TryPut(check))
            return null;
        _running.Add(check);
        return check;
    }
}
