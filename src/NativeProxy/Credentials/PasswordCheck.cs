using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using NativeProxy.Transport;

namespace NativeProxy.Credentials;

/// <summary>Waits for a password to be computed. Calls come on the loop thread.</summary>
internal interface IPasswordWaiter
{
    /// <summary>The password is right, or it is not.</summary>
    void OnPasswordChecked(bool isRight);
}

/// <summary>
/// One password that is computed for all requests that bring it: begun on the loop, done on another thread, ended on the loop again. Owner: a
/// <see cref="PasswordChecker"/>.
/// </summary>
/// <param name="checker">Who hears of the end.</param>
/// <param name="key">Of the login.</param>
/// <param name="hash">What the password is compared with.</param>
/// <param name="password">The password, which is erased as soon as it is of no more use.</param>
/// <param name="isKnown">Whether there is such a user; if not, the result is wrong after the same time.</param>
internal sealed class PasswordCheck(PasswordChecker checker, byte[] key, string hash, byte[] password, bool isKnown) : LoopWork
{
    /// <summary>Set by the loop, read where passwords are computed.</summary>
    private volatile bool _isUnwanted;

    /// <summary>Of the login.</summary>
    public ReadOnlySpan<byte> Key => key;

    /// <summary>Whose requests wait; they leave by <see cref="Leave"/>.</summary>
    public List<IPasswordWaiter> Waiting { get; } = [];

    /// <summary>On the loop only, once it has ended: it was not computed.</summary>
    public bool WasSkipped { get; private set; }

    /// <summary>On the loop only, once it has ended.</summary>
    public bool IsRight { get; private set; }

    /// <summary>A request does not wait any more. What nobody waits for is not computed: whoever asks and goes costs nothing.</summary>
    public void Leave(IPasswordWaiter waiter)
    {
        Waiting.Remove(waiter);
        if (Waiting.Count > 0)
            return;
        _isUnwanted = true;
        checker.Left(this);
    }

    /// <summary>Computes it. Not on the loop.</summary>
    public void Compute()
    {
        try
        {
            WasSkipped = _isUnwanted;
            IsRight = !WasSkipped && PasswordHash.Matches(hash, password) && isKnown;
        }
        catch (Exception failure) when (failure is CryptographicException or OutOfMemoryException or FormatException or OverflowException)
        {
            // Who cannot be known is not let in; the worker and its other connections go on.
            IsRight = false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
            checker.Loop.Post(this);
        }
    }

    /// <summary>The loop thread, when it is done.</summary>
    public override void Run() => checker.Ended(this);
}
