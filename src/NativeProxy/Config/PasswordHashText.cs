using System;
using System.Globalization;

namespace NativeProxy.Config;

/// <summary>
/// Hashes of passwords as they appear in settings and in files of users: the forms of crypt(3) and htpasswd that a password cannot be read out of
/// in a moment. Pure.
/// </summary>
internal static class PasswordHashText
{
    public const string Expected = "a hash as \"htpasswd -nB\" or \"openssl passwd -6\" write it: $2y$..., $5$..., $6$... or $apr1$...";

    /// <summary>The highest cost of bcrypt: two seconds of a processor for each check.</summary>
    private const int BcryptCostMax = 15;

    private const int BcryptCostMin = 4;
    private const int RoundsMax = 1_000_000;
    private const string BcryptLetters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>True for a hash that passwords can be compared with.</summary>
    /// <param name="text">As the file says it.</param>
    /// <param name="problem">What is wrong; fits behind "the hash of USER". Says nothing of the hash itself.</param>
    public static bool IsValid(string text, out string problem)
    {
        string[] parts = text.Split('$');
        problem = parts switch
        {
            ["", "2a" or "2b" or "2y", { Length: 2 } cost, { Length: 53 } rest] => ProblemOfCost(cost) ?? ProblemOfLetters(rest),
            ["", "5", var rounds, var salt, { Length: 43 } rest] => ProblemOfRounds(rounds) ?? ProblemOfSalt(salt, 16) ?? ProblemOfLetters(rest),
            ["", "6", var rounds, var salt, { Length: 86 } rest] => ProblemOfRounds(rounds) ?? ProblemOfSalt(salt, 16) ?? ProblemOfLetters(rest),
            ["", "5", var salt, { Length: 43 } rest] => ProblemOfSalt(salt, 16) ?? ProblemOfLetters(rest),
            ["", "6", var salt, { Length: 86 } rest] => ProblemOfSalt(salt, 16) ?? ProblemOfLetters(rest),
            ["", "apr1" or "1", var salt, { Length: 22 } rest] => ProblemOfSalt(salt, 8) ?? ProblemOfLetters(rest),
            ["", "2a" or "2b" or "2y" or "5" or "6" or "apr1" or "1", ..] => "is cut, or has something that does not belong there",
            _ when text.StartsWith("{SHA}", StringComparison.Ordinal) => "is SHA-1 without a salt, which is guessed in no time",
            _ => "is no hash that is known here; a password itself is never written down",
        } ?? "";
        return problem.Length == 0;
    }

    private static string? ProblemOfCost(string cost) =>
        !int.TryParse(cost, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? "has no cost"
        : value is < BcryptCostMin or > BcryptCostMax ? $"costs {value}: {BcryptCostMin} to {BcryptCostMax} is possible, 10 is usual" : null;

    private static string? ProblemOfRounds(string text) =>
        !text.StartsWith("rounds=", StringComparison.Ordinal) || text.Length > 16
            || !int.TryParse(text.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) || rounds < 1000
            ? "has no number of rounds"
            : rounds > RoundsMax ? $"has more than {RoundsMax} rounds, which take too long" : null;

    private static string? ProblemOfSalt(string salt, int charsMax) =>
        salt.Length > charsMax || salt.AsSpan().ContainsAnyExceptInRange('!', '~') ? "has a salt that is none" : null;

    private static string? ProblemOfLetters(string text) =>
        text.AsSpan().ContainsAnyExcept(BcryptLetters) ? "has letters that do not belong there" : null;
}
